import { useState } from 'preact/hooks';
import { Button } from '../parts/button.js';
import { TextField } from '../parts/field.js';
import { ErrorNote } from '../parts/states.js';
import { useAction } from '../state/action.js';
import { signIn } from '../state/session.js';

export function SignInView({ message }: { message: string | undefined }) {
  const [token, setToken] = useState('');
  const action = useAction();
  return (
    <main class="sign-in" id="content">
      <form
        class="panel sign-in-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== '') action.run(() => signIn(token.trim()));
        }}
      >
        <h1>Backup console</h1>
        {message !== undefined && action.error === undefined && <div class="note">{message}</div>}
        <TextField
          label="API token"
          type="password"
          hint="One of the tokens in the access section of the service. It is kept in this tab only, until you close it or sign out."
          value={token}
          onInput={setToken}
          hasFocus
          isRequired
        />
        <ErrorNote error={action.error} />
        <Button kind="primary" type="submit" disabled={token.trim() === ''} isBusy={action.isBusy}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
