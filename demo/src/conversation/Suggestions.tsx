import { Button } from "react-aria-components";

const QUESTIONS = [
  "Where is order 1042?",
  "Please refund order 1043",
  "What is 6 * 7?",
  "Remember that I wear size 43.",
  "What do you know about me?",
];

/** How to begin: each question takes another way through the graph. */
export function Suggestions(props: { takesDocument: boolean; onChoose: (question: string) => void }) {
  return (
    <div className="suggestions">
      <h3>Ask the shop&rsquo;s support agent</h3>
      <p>
        It looks up orders 1041 to 1043, does sums, and refunds an order when you approve. It remembers what you tell
        it, in your other threads, too.
        {props.takesDocument && " Attach a document, and ask it to find a word in your document."}
      </p>
      <ul>
        {QUESTIONS.map((question) => (
          <li key={question}>
            <Button className="button" onPress={() => props.onChoose(question)}>
              {question}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
