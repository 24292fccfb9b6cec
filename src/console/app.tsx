/** The page: its frame with the navigation, and the view that the address names. */
import { useEffect, useState } from 'preact/hooks';
import type { Session } from '../service/v2/schema/session.js';
import { Badge } from './parts/badge.js';
import { Button } from './parts/button.js';
import { Icon } from './parts/icon.js';
import { ErrorState, Waiting } from './parts/states.js';
import { ToastList } from './parts/toast-list.js';
import { formatRoute, SECTIONS, type Route, type Section } from './routes.js';
import { connection, isOutdated } from './state/connection.js';
import { route } from './state/location.js';
import { openSession, session, signOut } from './state/session.js';
import { BackupDetailView } from './views/backup-detail.js';
import { BackupsView } from './views/backups.js';
import { ConfigurationView } from './views/configuration.js';
import { JobsView, JobView } from './views/jobs.js';
import { RoutinesView } from './views/routines.js';
import { SignInView } from './views/sign-in.js';
import { TimelineView } from './views/timeline.js';
import { WebhooksView } from './views/webhooks.js';

const RETRY_MS = 2000;
const TITLES: Readonly<Record<Section, string>> = {
  routines: 'Routines',
  timeline: 'Timeline',
  backups: 'Backups',
  jobs: 'Jobs',
  configuration: 'Configuration',
  webhooks: 'Webhooks',
};

export function App() {
  const { value } = session;
  const isFailed = value.kind === 'failed';
  useEffect(() => {
    if (!isFailed) return;
    const timer = setInterval(() => void openSession(), RETRY_MS);
    return () => clearInterval(timer);
  }, [isFailed]);
  if (value.kind === 'ready') return <Frame session={value.session} />;
  return (
    <>
      {value.kind === 'signed-out' ? (
        <SignInView message={value.message} />
      ) : (
        <main class="start" id="content">
          {value.kind === 'failed' ? (
            <ErrorState error={value.error} onRetry={() => void openSession()} />
          ) : (
            <Waiting rows={3} />
          )}
        </main>
      )}
      <ToastList />
    </>
  );
}

function Frame({ session: { name, kind, version } }: { session: Session }) {
  const [isMenuOpen, setIsMenuOpen] = useState(false);
  const current = route.value;
  useEffect(() => setIsMenuOpen(false), [current]);
  return (
    <div class="frame">
      <a
        class="skip-link"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>('h1')?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={formatRoute('routines')}>
          <Icon name="backups" size={20} />
          Backup console
        </a>
        <div class="top-state">
          <ConnectionBadge />
          {kind !== 'anonymous' && (
            <span class="user" title={`Known by: ${kind}`}>
              {name}
            </span>
          )}
          {kind === 'token' && (
            <Button kind="quiet" isSmall onClick={signOut}>
              Sign out
            </Button>
          )}
        </div>
        <span class="menu-button">
          <Button
            kind="quiet"
            icon="menu"
            label="Menu"
            isExpanded={isMenuOpen}
            controls="navigation"
            onClick={() => setIsMenuOpen(!isMenuOpen)}
          />
        </span>
      </header>
      <nav class={`navigation${isMenuOpen ? ' navigation-open' : ''}`} id="navigation" aria-label="Sections">
        <ul>
          {SECTIONS.map((section) => (
            <li key={section}>
              <a href={formatRoute(section)} aria-current={section === current.section ? 'page' : undefined}>
                <Icon name={section} />
                {TITLES[section]}
              </a>
            </li>
          ))}
        </ul>
        <p class="version">Version {version}</p>
      </nav>
      <main class="content" id="content">
        <Banners />
        <RouteView route={current} />
      </main>
      <ToastList />
    </div>
  );
}

function ConnectionBadge() {
  switch (connection.value) {
    case 'live':
      return <Badge tone="good">Live</Badge>;
    case 'polling':
      return <Badge tone="warning">Every few seconds</Badge>;
    case 'lost':
      return <Badge tone="bad">No connection</Badge>;
    default:
      return <Badge tone="quiet">Connecting</Badge>;
  }
}

function Banners() {
  return (
    <>
      {connection.value === 'lost' && (
        <div class="note note-bad banner" role="alert">
          <Icon name="error" />
          <div>
            <p class="error-message">The service does not answer.</p>
            <p class="error-advice">
              What is shown may be old. The page goes on by itself as soon as the service is back.
            </p>
          </div>
        </div>
      )}
      {isOutdated.value && (
        <div class="note note-warning banner" role="status">
          <Icon name="warning" />
          <div>The service has a new version of this page.</div>
          <Button isSmall onClick={() => location.reload()}>
            Load it
          </Button>
        </div>
      )}
    </>
  );
}

function RouteView({ route: { section, path, query } }: { route: Route }) {
  const [first, second] = path;
  switch (section) {
    case 'timeline':
      return <TimelineView />;
    case 'backups':
      if (first === undefined || second === undefined) return <BackupsView />;
      return (
        <BackupDetailView
          key={path.join('/')}
          backupKey={{ storage: first, id: second, ...(query.routine === undefined ? {} : { routine: query.routine }) }}
        />
      );
    case 'jobs':
      return first === undefined ? <JobsView /> : <JobView key={first} id={first} />;
    case 'configuration':
      return <ConfigurationView />;
    case 'webhooks':
      return <WebhooksView />;
    default:
      return <RoutinesView />;
  }
}
