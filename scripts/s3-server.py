"""Starts, ends and restarts one node of OpenStack Swift with its S3 interface. Called by scripts/s3-server, which says how.

Five processes belong to an instance: memcached, and Swift's account, container, object and proxy servers. They are known by
a variable in their environment, so no list of process ids can be out of date.
"""

import errno
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HOST = '127.0.0.1'
REGION = 'us-east-1'
SERVERS = ('account', 'container', 'object', 'proxy')
MARK = 'S3_TEST_SERVER_DIR'
START_TIMEOUT_S = 90
STATE = 's3-server.json'

# Below the ports that systems give to clients (32768 and up), or a client could take one between kill and restart.
PORTS = range(20000, 32000)

FILTERS = {
    'catch_errors': 'catch_errors',
    'gatekeeper': 'gatekeeper',
    'healthcheck': 'healthcheck',
    'cache': 'memcache',
    'listing_formats': 'listing_formats',
    'bulk': 'bulk',
    's3api': 's3api',
    'tempauth': 'tempauth',
    'copy': 'copy',
    'slo': 'slo',
    'dlo': 'dlo',
    'versioned_writes': 'versioned_writes',
    'symlink': 'symlink',
}


def fail(text):
    sys.exit('s3-server: ' + text)


# Configuration


def ini(sections):
    return ''.join('[%s]\n%s\n' % (name, ''.join('%s = %s\n' % pair for pair in keys.items())) for name, keys in sections.items())


def write_config(state):
    """Writes all files below DIR/etc; /etc/swift is not used."""
    etc = os.path.join(state['dir'], 'etc')
    ports = state['ports']
    os.makedirs(etc, exist_ok=True)
    user = subprocess.check_output(['id', '-un'], text=True).strip()

    def default(name):
        return {
            'bind_ip': HOST,
            'bind_port': ports[name],
            'user': user,
            'swift_dir': etc,
            'devices': os.path.join(state['dir'], 'data'),
            'mount_check': 'false',
            'fallocate_reserve': 0,
            'workers': 0,
            'backlog': 4096,
            'conn_timeout': 10,
            'node_timeout': 60,
            # Listings show an object as soon as its upload is answered.
            'container_update_timeout': 60,
        }

    files = {
        'swift': {
            'swift-hash': {'swift_hash_path_prefix': 'loopback', 'swift_hash_path_suffix': 'tests'},
            'storage-policy:0': {'name': 'Policy-0', 'default': 'yes'},
            # S3 lets one value of user metadata have 2 KiB.
            'swift-constraints': {'max_meta_value_length': 2048},
        },
        'proxy-server': {
            'DEFAULT': default('proxy'),
            'pipeline:main': {'pipeline': ' '.join(FILTERS) + ' proxy-server'},
            'app:proxy-server': {
                'use': 'egg:swift#proxy',
                'account_autocreate': 'true',
                'conn_timeout': 10,
                'node_timeout': 60,
                'recoverable_node_timeout': 60,
                # There is one device; never put it aside after errors.
                'error_suppression_interval': 0,
                'error_suppression_limit': 1000000,
            },
        },
    }
    for name in ('account', 'container', 'object'):
        files[name + '-server'] = {
            'DEFAULT': default(name),
            'pipeline:main': {'pipeline': 'healthcheck ' + name + '-server'},
            'app:' + name + '-server': {'use': 'egg:swift#' + name},
            'filter:healthcheck': {'use': 'egg:swift#healthcheck'},
        }
    for name, egg in FILTERS.items():
        files['proxy-server']['filter:' + name] = {'use': 'egg:swift#' + egg}
    options = {
        'cache': {'memcache_servers': '%s:%d' % (HOST, ports['memcached'])},
        # A user without a group may do nothing in the account.
        'tempauth': {
            'user_' + state['accessKeyId'].replace(':', '_'): state['secretAccessKey'] + ' .admin',
            'user_' + state['otherAccessKeyId'].replace(':', '_'): state['otherSecretAccessKey'],
        },
        's3api': {
            'location': REGION,
            'dns_compliant_bucket_names': 'true',
            'min_segment_size': 5 * 1024 * 1024,
            'max_upload_part_num': 10000,
            # Lists of several pages are tested with fewer objects.
            'max_bucket_listing': 100,
            'max_multi_delete_objects': 1000,
        },
        'slo': {'max_manifest_segments': 10000, 'allow_async_delete': 'false'},
        'versioned_writes': {'allow_versioned_writes': 'true', 'allow_object_versioning': 'true'},
    }
    for name, keys in options.items():
        files['proxy-server']['filter:' + name].update(keys)
    for name, sections in files.items():
        with open(os.open(os.path.join(etc, name + '.conf'), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as file:
            file.write(ini(sections))


def write_rings(state):
    """Rings of one replica on one device."""
    from swift.common.ring import RingBuilder

    for name in ('account', 'container', 'object'):
        path = os.path.join(state['dir'], 'etc', name + '.ring.gz')
        if os.path.exists(path):
            continue
        builder = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
        place = {'ip': HOST, 'port': state['ports'][name]}
        place.update({'replication_' + key: value for key, value in place.items()})
        builder.add_dev({'region': 1, 'zone': 1, 'device': 'd1', 'weight': 1.0, 'meta': '', **place})
        builder.rebalance()
        builder.get_ring().save(path)


# Ports


def bind(port):
    """Binds without listening, so that nobody else gets the port while the server that shall have it is starting."""
    held = socket.socket()
    held.bind((HOST, port))
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        held.setsockopt(socket.SOL_SOCKET, option, 1)
    return held


def choose_ports():
    ports, held = {}, []
    for port in random.sample(PORTS, 1000):
        try:
            held.append(bind(port))
        except OSError:
            continue
        ports[('memcached', *SERVERS)[len(ports)]] = port
        if len(held) == 1 + len(SERVERS):
            return ports, held
    fail('no free ports on %s between %d and %d' % (HOST, PORTS.start, PORTS.stop))


def check_free(ports):
    for name, port in ports.items():
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                fail('port %d, which was that of the %s server, is taken by another program' % (port, name))


# Extended attributes, in which Swift keeps what it knows of an object


def takes_attributes(folder):
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        try:
            os.setxattr(file.fileno(), 'user.swift.metadata', b'x' * 3500)
            return True
        except OSError:
            return False


class FileAttributes:
    """Stands in for the module xattr on file systems without user attributes: one file for an inode and a name."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)

    def _path(self, item, name):
        name = name.decode() if isinstance(name, bytes) else name
        item = item.fileno() if hasattr(item, 'fileno') else item
        return os.path.join(self.folder, '%d.%s' % (os.stat(item).st_ino, name))

    def getxattr(self, item, name):
        try:
            with open(self._path(item, name), 'rb') as file:
                return file.read()
        except FileNotFoundError:
            raise OSError(errno.ENODATA, 'no such attribute') from None

    def setxattr(self, item, name, value):
        path = self._path(item, name)
        if path.endswith('.user.swift.metadata'):
            # The first of several pieces. An inode number is given again: what its last owner had must go.
            for number in range(1, 100):
                try:
                    os.unlink(path + str(number))
                except FileNotFoundError:
                    break
        with open(path + '.new', 'wb') as file:
            file.write(value)
        os.rename(path + '.new', path)


# The servers


def serve(folder):
    """Runs in a process of its own: loads Swift once, then forks the servers."""
    state = read_state(folder)
    log = os.path.join(folder, 'log')
    etc = os.path.join(folder, 'etc')
    command = ['memcached', '-l', HOST, '-p', str(state['ports']['memcached']), '-U', '0', '-m', '32', '-t', '1']
    if os.geteuid() == 0:
        command += ['-u', 'root']
    with open(os.path.join(log, 'memcached.log'), 'ab') as file:
        children = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file).pid]

    # The servers would do it for themselves, each in a second: it searches all that has been imported.
    import eventlet.patcher

    eventlet.patcher.monkey_patch(all=False, socket=True, select=True, thread=True)
    from swift.common import utils

    utils.set_swift_dir(etc)
    from swift.common.wsgi import run_wsgi
    import swift.common.middleware.s3api.s3api
    from swift.account import server as account_server
    from swift.container import server as container_server
    from swift.obj import diskfile, server as object_server
    from swift.proxy import server as proxy_server

    write_rings(state)
    # Data must outlive SIGKILL, not a power cut.
    diskfile.fsync = diskfile.fdatasync = lambda fd: None
    if not state['attributes']:
        diskfile.xattr = FileAttributes(os.path.join(folder, 'data', 'attributes'))
    for name in SERVERS:
        pid = os.fork()
        if pid:
            children.append(pid)
            continue
        code = 1
        try:
            output = os.open(os.path.join(log, name + '.log'), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(output, 1)
            os.dup2(output, 2)
            callback = {'global_conf_callback': object_server.global_conf_callback} if name == 'object' else {}
            code = run_wsgi(os.path.join(etc, name + '-server.conf'), name + '-server', verbose=True, **callback)
        finally:
            os._exit(code)
    # All are needed: when one ends, so do the others, and who waits for the start sees it.
    pid, status = os.wait()
    for child in children:
        if child != pid:
            os.kill(child, signal.SIGKILL)
    sys.exit(1)


def read_state(folder):
    try:
        with open(os.path.join(folder, STATE)) as file:
            return json.load(file)
    except FileNotFoundError:
        fail('%s is not the folder of an S3 server' % folder)


def members(folder):
    """Ids of the living processes that belong to the instance in this folder."""
    mark = ('%s=%s' % (MARK, folder)).encode()
    found = []
    for name in os.listdir('/proc'):
        if not name.isdigit():
            continue
        try:
            with open('/proc/%s/environ' % name, 'rb') as file:
                if mark in file.read().split(b'\0'):
                    found.append(int(name))
        except OSError:
            pass  # ended, or somebody else's
    return found


def gone(pid):
    """Whether a process has ended: only then are its ports free. Its environment is gone a little earlier."""
    try:
        with open('/proc/%d/stat' % pid) as file:
            return file.read().rpartition(')')[2].split()[0] in 'ZX'
    except OSError:
        return True


def kill(folder):
    killed = set()
    while True:
        pids = members(folder)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        killed.update(pids)
        if not pids and all(gone(pid) for pid in killed):
            return
        time.sleep(0.01)


def launch(state):
    """Starts the servers and waits until a request that needs all of them is answered."""
    folder = state['dir']
    with open(os.path.join(folder, 'log', 'start.log'), 'ab') as log:
        process = subprocess.Popen(
            [sys.executable, '-I', os.path.abspath(__file__), 'serve', folder],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'LANG': 'C.UTF-8', MARK: folder},
        )
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers(state):
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            kill(folder)
            fail('the server %s; see the logs in %s/log' % ('ended while starting' if ended else 'did not get ready', folder))
        time.sleep(0.05)


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(port, path, headers={}):
    request = urllib.request.Request('http://%s:%d%s' % (HOST, port, path), headers=headers)
    with OPENER.open(request, timeout=10) as response:
        return response.headers


def answers(state):
    ports = state['ports']
    try:
        for name in SERVERS:
            get(ports[name], '/healthcheck')
        # A login needs memcached, and a look at the account the account's server.
        login = {'X-Auth-User': state['accessKeyId'], 'X-Auth-Key': state['secretAccessKey']}
        token = get(ports['proxy'], '/auth/v1.0', login)['X-Auth-Token']
        get(ports['proxy'], '/v1/AUTH_' + state['accessKeyId'].split(':')[0], {'X-Auth-Token': token})
        return True
    except OSError:
        return False


# Commands


def describe(state):
    names = ('accessKeyId', 'secretAccessKey', 'otherAccessKeyId', 'otherSecretAccessKey', 'region', 'dir')
    endpoint = 'http://%s:%d' % (HOST, state['ports']['proxy'])
    print(json.dumps({'endpoint': endpoint, **{name: state[name] for name in names}}, separators=(',', ':')), flush=True)


def start(folder):
    made = folder is None or not os.path.exists(folder)
    if folder is None:
        folder = tempfile.mkdtemp(prefix='s3-server-')
    os.makedirs(folder, exist_ok=True)
    folder = os.path.realpath(folder)
    if os.path.exists(os.path.join(folder, STATE)):
        if members(folder):
            fail('the server in %s runs already' % folder)
        restart(folder)
        return
    for name in ('data', 'data/d1', 'log'):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    ports, held = choose_ports()
    state = {
        'dir': folder,
        'made': made,
        'ports': ports,
        'region': REGION,
        'accessKeyId': 'test:tester',
        'secretAccessKey': secrets.token_hex(20),
        'otherAccessKeyId': 'test:stranger',
        'otherSecretAccessKey': secrets.token_hex(20),
        'attributes': takes_attributes(os.path.join(folder, 'data')),
    }
    with open(os.open(os.path.join(folder, STATE), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'w') as file:
        json.dump(state, file)
    write_config(state)
    launch(state)
    for port in held:
        port.close()
    describe(state)


def restart(folder):
    state = read_state(folder)
    kill(folder)
    check_free(state['ports'])
    launch(state)
    describe(state)


def stop(folder):
    state = read_state(folder)
    kill(folder)  # what was stored is safe: nothing waits to be written when a request has been answered
    if state['made']:
        shutil.rmtree(folder)


def main(command, *folders):
    if command == 'start' and len(folders) <= 1:
        start(*folders or (None,))
    elif len(folders) == 1:
        {'stop': stop, 'kill': kill_known, 'restart': restart, 'serve': serve}[command](os.path.realpath(folders[0]))
    else:
        fail('usage: s3-server install | start [DIR] | stop DIR | kill DIR | restart DIR')


def kill_known(folder):
    read_state(folder)
    kill(folder)


if __name__ == '__main__':
    main(*sys.argv[1:])
