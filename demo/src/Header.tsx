import { repository } from "../../package.json";

const DOCS = `${repository.url.replace(/^git\+|\.git$/g, "")}#readme`;

/** What this is, where the agent runs, and where it keeps its threads. */
export function Header({ place, storage }: { place: string; storage: string }) {
  return (
    <header className="header">
      <img src="./icon.svg" alt="" width="28" height="28" />
      <h1>Threads in DynamoDB</h1>
      <dl className="facts">
        <div>
          <dt>Agent runs in</dt>
          <dd>{place}</dd>
        </div>
        <div>
          <dt>Threads in</dt>
          <dd>{storage}</dd>
        </div>
      </dl>
      <a className="docs" href={DOCS} target="_blank" rel="noopener noreferrer">
        Docs
      </a>
    </header>
  );
}
