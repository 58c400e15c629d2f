import { sideOfAssociation } from '../../sequelize/index.js';
import type { SenderNames } from '../../signals/index.js';
import { ModelSignal } from '../model-signal.js';
import type { M2MChangedBySender } from './m2m-signals.js';

/**
 * A signal whose senders are through models. The association of a `belongsToMany` stands for its
 * through model, as in Django's `sender=Pizza.toppings.through`: it is known by the name that an
 * application gives it, also where Sequelize makes the model.
 */
export class ManyToManySignal extends ModelSignal<M2MChangedBySender> {
  protected override senderNames(): SenderNames {
    const names = super.senderNames();
    return {
      ...names,
      itself: (sender) => names.itself(sideOfAssociation(sender)?.throughModel ?? sender),
    };
  }

  protected override isSender(given: unknown): boolean {
    return super.isSender(given) || sideOfAssociation(given) !== undefined;
  }
}
