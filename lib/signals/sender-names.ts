/** How a kind of signal tells whom it is sent by, and whom its receivers wait for. */
export interface SenderNames {
  /**
   * The sender that is meant, where somebody names it by something derived from it. It is asked
   * for what is given to `connect`, `disconnect` and `hasListeners`; whoever sends names the sender
   * itself.
   */
  itself(sender: unknown): unknown;
  /** What else a sender is known as. Receivers that are connected for an alias get its sends too. */
  aliasesOf(sender: unknown): readonly unknown[];
}

const NO_ALIASES: readonly unknown[] = [];

/** A sender is known by its identity alone, unless a kind of signal says otherwise (D-040). */
export const BY_IDENTITY: SenderNames = {
  itself: (sender) => sender,
  aliasesOf: () => NO_ALIASES,
};

/** Whether nobody in particular is named, and so everybody is meant. */
export function isAnySender(sender: unknown): sender is null | undefined {
  return sender === undefined || sender === null;
}

/** Whether `sender` is one of those whom `named` stands for in the options of `connect`. */
export function isNamed(names: SenderNames, named: unknown, sender: unknown): boolean {
  if (isAnySender(named)) return true;

  const itself = names.itself(named);
  return itself === sender || names.aliasesOf(itself).includes(sender);
}
