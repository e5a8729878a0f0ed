// Sending e-mail where the operator set SMTP_URL. The only file that speaks SMTP; the server's address is the operator's own, so the outbound guard does not apply.
import { createTransport } from "nodemailer";

import { env } from "./env.ts";
import { log } from "./log.ts";

/** "off": no SMTP_URL. "failed": the mail server did not take it; the reason is in the log. */
export type MailOutcome = "sent" | "failed" | "off";

const transport =
  env.SMTP_URL === undefined
    ? null
    : createTransport({ url: env.SMTP_URL, connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 });

interface Mail {
  to: string;
  subject: string;
  text: string;
  /** The request it is sent for. */
  requestId: string;
}

/** Sends one plain-text mail. Never throws: whoever asked has another way to hand the message over. */
export async function sendMail({ to, subject, text, requestId }: Mail): Promise<MailOutcome> {
  if (!transport) return "off";
  try {
    await transport.sendMail({ from: env.MAIL_FROM, to: { name: "", address: to }, subject: subject.replace(/\s+/g, " "), text });
    return "sent";
  } catch (error) {
    log.warn({ err: error, requestId }, "a mail could not be sent");
    return "failed";
  }
}
