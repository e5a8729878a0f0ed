// A browser without a screen, for signing people and their agents in.

/** Where agents in tests are called back; nobody listens there. */
export const redirectUri = "http://127.0.0.1:7777/callback";

/** A browser: cookies, and no following of redirects by itself. */
export class Browser {
  readonly cookies = new Map<string, string>();
  private readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  async go(address: string | URL, form?: Record<string, string>): Promise<Response> {
    const url = new URL(address, this.origin);
    const response = await fetch(url, {
      redirect: "manual",
      method: form ? "POST" : "GET",
      headers: {
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(form ? { origin: this.origin, "content-type": "application/x-www-form-urlencoded" } : {}),
      },
      ...(form ? { body: new URLSearchParams(form) } : {}),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  async signIn(email = "owner@example.com"): Promise<void> {
    const { status } = await this.go("/login", { email, password: "correct horse battery" });
    if (status !== 302) throw new Error(`Signing in as ${email} answered ${status}.`);
  }

  /** Goes where it is sent until an address begins with `end`. */
  async follow(address: string | URL, end: string): Promise<URL> {
    let url = new URL(address, this.origin);
    for (let hops = 0; hops < 10; hops += 1) {
      if (url.href.startsWith(end)) return url;
      const response = await this.go(url);
      const location = response.headers.get("location");
      if (location === null) throw new Error(`${url.href} answered ${response.status}: ${(await response.text()).slice(0, 400)}`);
      await response.body?.cancel();
      url = new URL(location, url);
    }
    throw new Error("Too many redirects.");
  }

  /** Answers the consent page of this authorization URL. Returns where the agent is called back, without going there. */
  async consent(authorizationUrl: string | URL, decision: "allow" | "deny" = "allow", callback = redirectUri): Promise<URL> {
    const page = await this.follow(authorizationUrl, `${this.origin}/consent/`);
    const shown = await (await this.go(page)).text();
    const organization = /name="organization" value="([^"]+)"/.exec(shown)?.[1] ?? "";
    const answered = await this.go(page, { organization, decision });
    if (answered.status !== 302) throw new Error(`The consent page answered ${answered.status}: ${(await answered.text()).slice(0, 400)}`);
    return this.follow(new URL(answered.headers.get("location") ?? "", this.origin), callback);
  }
}
