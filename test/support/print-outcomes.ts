/** Runs the cases of a program, one after another, and prints what came of each by its title. */
export async function printOutcomes<Outcome>(
  cases: Readonly<Record<string, () => Promise<Outcome>>>,
): Promise<void> {
  const outcomes: Record<string, Outcome> = {};
  for (const [title, run] of Object.entries(cases)) outcomes[title] = await run();
  console.log(JSON.stringify(outcomes));
}
