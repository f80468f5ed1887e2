import { KeyRound } from "lucide-react";
import { useState } from "react";
import { Button, Form, Input, Label, TextField } from "react-aria-components";

/** Shown to whoever has opened the page without the link that has a token in it. */
export function SignIn({ onToken }: { onToken: (token: string) => void }) {
  const [token, setToken] = useState("");
  return (
    <main className="sign-in">
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== "") onToken(token.trim());
        }}
      >
        <h1>Who are you?</h1>
        <p>
          This Worker serves only those who have a token. <code>npm start</code> prints a link with one; for a Worker of
          your own, <code>node scripts/token.js</code> makes one.
        </p>
        <TextField value={token} onChange={setToken} type="password" autoComplete="off" isRequired>
          <Label>Token</Label>
          <Input />
        </TextField>
        <Button type="submit" className="button primary" isDisabled={token.trim() === ""}>
          <KeyRound aria-hidden size={16} /> Show my threads
        </Button>
      </Form>
    </main>
  );
}
