/** What no rollback can take back: here it prints, elsewhere it calls other servers. */
export const mail = {
  confirm: (orderId: number): void => console.log(`  mail: order ${orderId} is confirmed`),
  tellSeller: (orderId: number): void => console.log(`  mail: order ${orderId} can be sent`),
};

export const searchIndex = {
  add: (orderId: number): void => console.log(`  index: order ${orderId} added`),
  remove: (orderId: number): void => console.log(`  index: order ${orderId} removed`),
};
