import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

/*
 * What a model writes is a stranger's: raw HTML in it stays text, and links lead out of the page. No picture is
 * fetched, since its address would tell somebody what was read.
 */
const components: Components = {
  a: ({ node: _node, ...link }) => <a {...link} target="_blank" rel="noopener noreferrer" />,
  img: ({ alt, src }) => (
    <a href={src} target="_blank" rel="noopener noreferrer">
      {alt || src}
    </a>
  ),
  // A wide one scrolls in itself, by keyboard, too.
  table: ({ node: _node, ...table }) => (
    <div className="wide-part" tabIndex={0} role="region" aria-label="Table">
      <table {...table} />
    </div>
  ),
  pre: ({ node: _node, ...pre }) => <pre {...pre} className="wide-part" tabIndex={0} />,
  // Below the page's own headings.
  h1: "h3",
  h2: "h3",
  h3: "h4",
};

const plugins = [remarkGfm];

export const Markdown = ({ text }: { text: string }) => (
  <div className="bubble markdown">
    <ReactMarkdown remarkPlugins={plugins} components={components}>
      {text}
    </ReactMarkdown>
  </div>
);
