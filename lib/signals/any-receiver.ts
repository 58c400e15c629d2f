/** A receiver as the machinery sees it: whatever it takes, it is called with one event. */
export type AnyReceiver = (this: never, event: never) => unknown;
