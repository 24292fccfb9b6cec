import { render } from 'preact';
import { App } from './app.js';
import { startClock } from './state/clock.js';
import { startRouting } from './state/location.js';
import { openSession } from './state/session.js';

startClock();
startRouting();
void openSession();
render(<App />, document.getElementById('app')!);
