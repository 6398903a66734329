"""The only place where the parts are joined: a server, or a worker without HTTP."""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from sqlalchemy.exc import ArgumentError

from manciple.catalog.behaviour import INSTANT, Behaviour
from manciple.catalog.directory import Directory, DirectoryError, read_directory
from manciple.catalog.ids import format_id
from manciple.engine.drivers.courier import Courier
from manciple.engine.drivers.in_process import InProcessDriver
from manciple.engine.drivers.sweeper import Sweeper
from manciple.engine.finding import Finding
from manciple.engine.limits import Limits as EngineLimits
from manciple.engine.parameter_parsers.parser import make_parsers
from manciple.engine.place import Place
from manciple.engine.providers.endpoint import Endpoint
from manciple.engine.providers.provider import Providers, ProviderType, Surroundings
from manciple.engine.reconcile import Engine
from manciple.engine.registered.directory import TypeFault
from manciple.engine.registered.registration import make_known
from manciple.engine.service_actions.runners import Runners
from manciple.engine.slice import Parts
from manciple.engine.stacks import Stacks
from manciple.engine.target_choice import TargetChoice
from manciple.engine.targets.target import Target, TargetType
from manciple.operations.call import Operations, Runtime
from manciple.operations.identity import Identity
from manciple.operations.source_sync import SourceSync
from manciple.registry import collect
from manciple.settings import Settings, SettingsError, check_secret_key, check_serving, masked
from manciple.store import schema
from manciple.store.database import Database
from manciple.store.directories import write_directory
from manciple.store.objects import Objects
from manciple.store.sealed import Seal, check_key, is_sealed, read_key
from manciple.wire.application import Application

_ID_BITS = 65
_BACKLOG = 2048
"""Connections that wait at most; from the moment of binding on, none is refused."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open database with its blobs and its seal."""

    database: Database
    objects: Objects


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """Open the database that the settings name, bring its tables up to date, and check the secret key against it.

    Raises SettingsError, SchemaError or SealedError, each one sentence.
    """
    check_secret_key(settings)
    database = _open_database(settings)
    try:
        schema.upgrade(database)
        file = _key_file(settings)
        seal = Seal(read_key(file, create=settings.secret_key_file is None and not is_sealed(database)))
        check_key(database, seal, file)
        yield Store(database, Objects(seal))
    finally:
        database.close()


def _open_database(settings: Settings) -> Database:
    try:
        return Database(settings.database or f"sqlite:///{_own_file(settings.data)}")
    except (ArgumentError, ImportError, ValueError) as error:
        url = masked(settings.database or "")
        raise SettingsError(
            f"database is {url!r} but must be an address such as postgresql://user@host:5432/name"
        ) from error


def _own_file(directory: Path) -> Path:
    """The database in the data directory, made if it is not there, for its owner's eyes only."""
    file = directory / "manciple.sqlite"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))  # its journals get the same mode from SQLite
    except OSError as error:
        raise SettingsError(
            f"the data directory {directory} cannot be written ({error.strerror}): --data names another"
        ) from error
    return file


def _key_file(settings: Settings) -> Path:
    """The key's file: as set, else beside the data directory, so that a copy of the data alone opens nothing."""
    data = settings.data.resolve()  # `.` and `..` have no name of their own
    return settings.secret_key_file or data.with_name(data.name + ".key")


class Server:
    """One server process: HTTP in front, the engine behind (unless `execute` is off)."""

    def __init__(self, settings: Settings) -> None:
        check_serving(settings)
        make_target_choice(
            settings, make_targets(settings)
        )  # what cannot be served is refused before anything is opened
        make_types_known(settings)
        self._directory = load_directory(settings)
        self.settings = settings
        self._socket = _bind(settings.host, settings.port)
        host, port = self._socket.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._http: uvicorn.Server | None = None
        self._is_stopped = False
        self._thread: threading.Thread | None = None

    def serve(self, on_ready: Callable[[], None] | None = None) -> None:
        """Serve until told to stop (SIGTERM and SIGINT do, in the main thread)."""
        with open_store(self.settings) as store:
            if self._directory is not None:
                with store.database.write() as tx:
                    write_directory(tx, self._directory)
            public_url = self.settings.public_url or self.url
            driver = make_driver(self.settings, store, public_url)
            runtime = make_runtime(self.settings, store, driver, public_url)
            take_along_syncs(driver, runtime)
            application = Application(runtime, Operations(runtime), Identity(runtime), on_started=on_ready)
            if self.settings.execute:
                driver.start()
            try:
                self._http = uvicorn.Server(_http_settings(application))
                self._http.should_exit = self._is_stopped
                self._http.run(sockets=[self._socket])
            finally:
                driver.stop()

    def start(self) -> None:
        """Serve in a thread of its own; returns once requests are answered."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self.serve, args=(ready.set,), name="manciple-http", daemon=True)
        self._thread.start()
        while not ready.wait(0.05):
            if not self._thread.is_alive():
                raise RuntimeError("The server ended before it was ready; its log says why.")

    def stop(self) -> None:
        """Finish the requests under way and end; a server that is only starting ends before it is ready."""
        self._is_stopped = True
        if self._http is not None:
            self._http.should_exit = True
        if self._thread is not None:
            self._thread.join()


def run_worker(settings: Settings, until: threading.Event) -> None:
    """Carry out operations without HTTP until the event is set."""
    with open_store(settings) as store:
        public_url = settings.public_url or f"http://{settings.host}:{settings.port}"
        driver = make_driver(settings, store, public_url)
        take_along_syncs(driver, make_runtime(settings, store, driver, public_url))
        driver.start()
        try:
            until.wait()
        finally:
            driver.stop()


def make_driver(settings: Settings, store: Store, public_url: str) -> InProcessDriver:
    """The engine with its provider and targets, and the driver that runs its slices in this process."""
    limits = EngineLimits(
        lease=int(settings.engine.lease_seconds * 1000),
        poll=int(settings.engine.poll_seconds * 1000),
        threads=settings.engine.threads,
    )
    parts = Parts(
        database=store.database,
        objects=store.objects,
        providers=make_providers(settings, store),
        pool=ThreadPoolExecutor(limits.threads, "provider"),
        limits=limits,
        public_url=public_url.rstrip("/"),
        runners=Runners(settings.service_actions),
    )
    courier = Courier(
        store.database, settings.notifications, Endpoint(name="The endpoint of the topic").post, limits.poll
    )
    sweeper = Sweeper(store.database, settings.engine.retention_days)
    return InProcessDriver(Engine(parts, make_targets(settings)), [courier, sweeper])


def load_directory(settings: Settings) -> Directory | None:
    """The directory in the file that the settings name; None if they name none. Raises SettingsError."""
    if settings.directory is None:
        return None
    try:
        return read_directory(
            settings.directory.read_bytes(),
            is_toml=settings.directory.suffix == ".toml",
            most_delegates=settings.quota.delegated_administrators,
        )
    except OSError as error:
        raise SettingsError(f"directory {settings.directory} cannot be read: {error.strerror}") from error
    except DirectoryError as error:
        raise SettingsError(f"directory {settings.directory}: {error}") from error


def make_types_known(settings: Settings) -> None:
    """Let templates use the operator's own resource types. Raises SettingsError for one that will not do."""
    try:
        make_known(settings)
    except TypeFault as fault:
        raise SettingsError(str(fault)) from fault


def make_providers(settings: Settings, store: Store) -> Providers:
    """Every provider that `engine/providers` declares; one for all types is asked last. Raises SettingsError."""
    make_types_known(settings)
    declared = collect("manciple.engine.providers", ProviderType)
    surroundings = Surroundings(settings, store.database, store.objects.seal)
    in_order = sorted(declared, key=lambda one: (one.for_all_types, one.name))
    return Providers({one.name: one.make(surroundings) for one in in_order})


def check_providers(settings: Settings, place: Place) -> Iterator[tuple[str, Finding]]:
    """What providers find where they make resources, by their names; nothing of those that need nothing outside."""
    for declared in collect("manciple.engine.providers", ProviderType):
        if declared.check is not None:
            yield from ((declared.name, found) for found in declared.check(settings, place))


def make_targets(settings: Settings) -> dict[str, Target]:
    """Every target that `engine/targets` declares and the settings make use of, by name."""
    declared = collect("manciple.engine.targets", TargetType)
    return {one.name: target for one in declared if (target := one.make(settings)) is not None}


def make_target_choice(settings: Settings, targets: Container[str]) -> TargetChoice:
    """How the settings choose among the targets that are set up. Raises SettingsError for one that is not."""
    declared = collect("manciple.engine.targets", TargetType)
    usable = [one for one in declared if one.for_launches and one.name in targets]
    return TargetChoice(
        settings.targets.rules,
        settings.engine.target,
        serves={one.name: one.product_types for one in usable},
        first_for={one.name: one.first_for for one in usable},
        under_role={one.name for one in usable if one.needs_launch_role(settings)},
    )


def make_runtime(settings: Settings, store: Store, driver: InProcessDriver, public_url: str) -> Runtime:
    """Join what one process is made of."""
    return Runtime(
        settings=settings,
        database=store.database,
        objects=store.objects,
        driver=driver,
        new_id=lambda prefix: format_id(prefix, secrets.randbits(_ID_BITS)),
        now=lambda: time.time_ns() // 1_000_000,
        public_url=public_url.rstrip("/"),
        stacks=Stacks(driver.engine.parts, driver.engine.targets),
        target_choice=make_target_choice(settings, driver.engine.targets),
        parsers=make_parsers(settings),
        behaviour=make_behaviour(settings),
    )


def take_along_syncs(driver: InProcessDriver, runtime: Runtime) -> None:
    """Let a driver look for new commits, where products can follow repositories at all."""
    if runtime.settings.source_connections:
        driver.take_along(SourceSync(runtime))


def make_behaviour(settings: Settings) -> Behaviour:
    """How long AWS's asynchronous steps last here."""
    if settings.behaviour == "instant":
        return INSTANT
    faithful = settings.faithful
    seconds = (faithful.creating_seconds, faithful.sharing_seconds, faithful.copying_seconds)
    creating, sharing, copying = (int(one * 1000) for one in seconds)
    return Behaviour({"creating": creating, "sharing": sharing, "copying": copying})


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(_BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def _http_settings(application: Application) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http="httptools",
        loop="uvloop",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        date_header=True,
        timeout_graceful_shutdown=5,
    )
