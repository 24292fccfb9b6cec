/** Messages that no webhook has taken. */
import { deleteDeadLetter, listDeadLetters, retryDeadLetter } from '../api/operations.js';
import type { DeadLetter } from '../../service/v2/schema/dead-letter.js';
import { Button } from '../parts/button.js';
import { EmptyState, Loaded } from '../parts/states.js';
import { Moment } from '../parts/time.js';
import { View } from '../parts/view.js';
import { runQuietly } from '../state/action.js';
import { touch } from '../state/connection.js';
import { useResource } from '../state/resource.js';
import { allows, explainScope } from '../state/session.js';

export function WebhooksView() {
  const letters = useResource('dead-letters', listDeadLetters, ['webhooks', 'backups', 'jobs']);
  return (
    <View title="Webhooks" subtitle="Messages that were not delivered, although they were tried several times.">
      <Loaded of={letters}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState title="Every message was delivered">
              <p>Webhooks are configured in the service. Messages that they refuse for long are listed here.</p>
            </EmptyState>
          ) : (
            <div class="table-frame">
              <table class="table table-stacked">
                <thead>
                  <tr>
                    <th scope="col">Event</th>
                    <th scope="col">Webhook</th>
                    <th scope="col">Given up</th>
                    <th scope="col" class="align-right">
                      Attempts
                    </th>
                    <th scope="col">Why it was not delivered</th>
                    <th scope="col">
                      <span class="hidden-text">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {list.map((letter) => (
                    <tr key={letter.id}>
                      <td class="break">
                        <code>{letter.event.type}</code>{' '}
                        {letter.event.routine ?? letter.event.backup ?? letter.event.job ?? ''}
                      </td>
                      <td class="break" data-label="Webhook:">
                        {letter.webhook}
                      </td>
                      <td data-label="Given up:">
                        <Moment time={letter['given-up']} />
                      </td>
                      <td class="align-right number" data-label="Attempts:">
                        {letter.attempts}
                      </td>
                      <td class="break bad">{letter.reason}</td>
                      <td>
                        <LetterActions letter={letter} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </View>
  );
}

function LetterActions({ letter: { id, webhook, event } }: { letter: DeadLetter }) {
  const may = allows('admin');
  const title = explainScope('admin');
  const act = (work: () => Promise<unknown>, success: string): void =>
    runQuietly(work, success, () => touch(['webhooks']));
  return (
    <div class="button-row">
      <Button
        isSmall
        disabled={!may}
        title={title}
        onClick={() => act(() => retryDeadLetter(id), `${event.type} is sent to ${webhook} again`)}
      >
        Send again
      </Button>
      <Button
        isSmall
        kind="quiet"
        disabled={!may}
        title={title}
        onClick={() => act(() => deleteDeadLetter(id), 'The message is forgotten')}
      >
        Forget
      </Button>
    </div>
  );
}
