/** The mails that have been sent: an example has no post office. */
export const outbox: string[] = [];

export async function sendMail(to: string, text: string): Promise<void> {
  outbox.push(`to ${to}: ${text}`);
}
