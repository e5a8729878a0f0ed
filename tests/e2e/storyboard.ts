// The storyboard: one screenshot and the checks of each step, as one HTML file a person can page through.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import type { Page } from "@playwright/test";

const folder = path.resolve(import.meta.dirname, "../../storyboard");

interface Step {
  title: string;
  story: string;
  checks: string[];
  picture: string | null;
}

const escape = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const style = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:1080px;margin:3rem auto;padding:0 1rem}
section{margin:3rem 0}img{width:100%;border:1px solid #8884;border-radius:12px}ol,ul{padding-left:1.2rem}li::marker{color:#3a7}h2{margin-bottom:.2rem}`;

/** Collects steps; `check` runs one and remembers its words, `picture` takes the screenshot that closes a step. */
export class Storyboard {
  private readonly steps: Step[] = [];
  private readonly title: string;
  private readonly name: string;

  constructor(name: string, title: string) {
    this.name = name;
    this.title = title;
  }

  /** Begins a step. */
  step(title: string, story: string): void {
    this.steps.push({ title, story, checks: [], picture: null });
  }

  /** Runs one check of the current step; what it says in `words` stands in the storyboard once it held. */
  async check(words: string, assertion: () => unknown): Promise<void> {
    await assertion();
    this.steps.at(-1)?.checks.push(words);
  }

  /** Closes the current step with a screenshot of `page`. An empty picture (a blank page) is an error. */
  async picture(page: Page): Promise<void> {
    const step = this.steps.at(-1);
    if (!step) throw new Error("A picture needs a step.");
    await mkdir(folder, { recursive: true });
    step.picture = `${this.name}-${this.steps.length}.png`;
    const image = await page.screenshot({ path: path.join(folder, step.picture), animations: "disabled" });
    // A blank 1280x800 page compresses to about 5 KB; every real page of ours is well above.
    if (image.byteLength < 8_000) throw new Error(`The screenshot of "${step.title}" is blank.`);
  }

  /** Writes the HTML file and returns its path. */
  async write(): Promise<string> {
    const sections = this.steps.map(
      ({ title, story, checks, picture }, index) =>
        `<section><h2>${index + 1}. ${escape(title)}</h2><p>${escape(story)}</p><ul>${checks.map((words) => `<li>${escape(words)}</li>`).join("")}</ul>${
          picture ? `<img src="${picture}" alt="${escape(title)}">` : ""
        }</section>`,
    );
    const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(this.title)}</title><style>${style}</style><h1>${escape(this.title)}</h1>${sections.join("\n")}</html>\n`;
    await mkdir(folder, { recursive: true });
    const file = path.join(folder, `${this.name}.html`);
    await writeFile(file, html);
    return file;
  }
}
