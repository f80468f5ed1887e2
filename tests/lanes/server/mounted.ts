import "./dom.js";
import { createElement, useEffect, type ComponentType, type ReactNode } from "react";
import { createRoot } from "react-dom/client";

/** A hook in a page. */
export interface Mounted<T> {
  /** What it has given last. */
  readonly now: T;
  /** When it gives what is waited for. */
  until(isThere: (now: T) => boolean): Promise<T>;
  unmount(): void;
}

/** @param Around what the hook needs around it */
export async function mounted<T>(
  use: () => T,
  Around: ComponentType<{ children: ReactNode }> = ({ children }) => children,
): Promise<Mounted<T>> {
  const root = createRoot(document.createElement("div"));
  let now: { value: T } | undefined;
  const waiting = new Set<() => void>();
  const Page = (): null => {
    const value = use();
    useEffect(() => {
      now = { value };
      for (const look of waiting) look();
    });
    return null;
  };
  const until = (isThere: (value: T) => boolean): Promise<T> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!now || !isThere(now.value)) return;
        waiting.delete(look);
        resolve(now.value);
      };
      waiting.add(look);
      look();
    });
  root.render(createElement(Around, null, createElement(Page)));
  await until(() => true);
  return {
    get now() {
      return now!.value;
    },
    until,
    unmount: () => root.unmount(),
  };
}
