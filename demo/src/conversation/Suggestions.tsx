import { Button } from "react-aria-components";

const QUESTIONS = ["Where is order 1042?", "Please refund order 1043", "What is 6 * 7?"];

/** How to begin: each question takes another way through the graph. */
export function Suggestions({ onChoose }: { onChoose: (question: string) => void }) {
  return (
    <div className="suggestions">
      <h3>Ask the shop&rsquo;s support agent</h3>
      <p>It looks up orders 1041 to 1043, does sums, and refunds an order when you approve.</p>
      <ul>
        {QUESTIONS.map((question) => (
          <li key={question}>
            <Button className="button" onPress={() => onChoose(question)}>
              {question}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
