/**
 * What ties the floors together: `install` gives one Sequelize instance all of them.
 *
 * @packageDocumentation
 */
export { type InstallOptions, install } from './install.js';
