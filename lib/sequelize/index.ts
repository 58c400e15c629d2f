/**
 * The one room for Sequelize's insides: it implements what `blocks/` asks of a database, and holds
 * everything that Sequelize's documentation does not promise.
 *
 * @packageDocumentation
 */
export { addValues } from './added-values.js';
export { announceBuilding, watchBuilding } from './built-instances.js';
export { asksForRows, CallForRows, mayAskForRows } from './call-for-rows.js';
export {
  ConnectionTransaction,
  holderOfConnectionOf,
  holderOfMemory,
} from './connection-transaction.js';
export { watchConnections } from './connections.js';
export { Database } from './database.js';
export { checkDeferredConstraints } from './deferred-constraints.js';
export { dialectOf } from './dialects.js';
export {
  type ForeignKey,
  type ForeignKeys,
  foreignKeysOf,
  forgetForeignKeys,
  type OnDelete,
} from './foreign-keys.js';
export {
  areOfHook,
  callOfValidation,
  expectingViolation,
  fieldsChosen,
  isDecrement,
  isOfRow,
  isOneOfRows,
  modelOfCall,
  scopedWhere,
  upsertedInstance,
  valuesToWrite,
  writeAlso,
} from './hook-options.js';
export {
  type IncludedLinks,
  includedLink,
  includedLinks,
  watchInclude,
  watchIncludes,
} from './included-links.js';
export { InstanceState, savedTogether } from './instance-state.js';
export { watchInstances } from './instances.js';
export { compareKeys, textOfValue } from './keys.js';
export { locksSeeLatest, mayLockLatest } from './latest-rows.js';
export { lookupValues } from './lookup-values.js';
export {
  type ChangeOptions,
  type ChangeReplacements,
  declaredSides,
  isAssociation,
  isAutoCreated,
  isThroughModel,
  type LinkTargets,
  type RelationSide,
  sideOfAssociation,
  watchRelations,
} from './many-to-many.js';
export { modelsOf, watchDefinitions } from './model-definitions.js';
export {
  type AddedHook,
  type AddedHooks,
  hasHooks,
  runAddedHooks,
  runRowHooks,
} from './model-hooks.js';
export {
  columnsOf,
  deletionMarkOf,
  isModel,
  modelItself,
  modelOf,
  storedValue,
  versionOf,
  writeTimeOf,
} from './models.js';
export { NewLinks, type NewLinkValues } from './new-links.js';
export { NewRows } from './new-rows.js';
export { deleteOwnDependants, ownCascadesOf } from './own-cascades.js';
export {
  deleteRows,
  ReferringRows,
  type RowValues,
  readStored,
  type StatementOptions,
} from './referring-rows.js';
export { replaceMethod } from './replace-method.js';
export { ReplacedMethods, type Undos } from './replaced-methods.js';
export { RowQueue } from './row-queue.js';
export { isDeleted, isIgnored, isStored, type RowWatcher, watchRow } from './row-statements.js';
export { isAborted, isRetryable, isUniqueViolation } from './server-errors.js';
export { newTransaction } from './statements.js';
export { GIVEN_BACK } from './transaction-calls.js';
export { transactionOf } from './transaction-class.js';
export { setValues, UnsavedValues } from './unsaved-values.js';
export { UpdateInHooks } from './update-in-hooks.js';
