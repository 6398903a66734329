"""Databases with an owner role each, on one PostgreSQL server.

The owner role carries, as its comment, the token under which it was made. So a create that is asked again under its
token goes on where the first one ended, and nothing that others made is ever taken over, changed or dropped.
"""

import hashlib
from contextlib import contextmanager
from urllib.parse import quote, urlencode

import psycopg
from psycopg.sql import SQL, Identifier, Literal

OWNER = "{}_owner"
LONGEST = 63
"""Bytes of a name (PostgreSQL's NAMEDATALEN, less one)."""
MARK = "made under the token "
PATIENCE = "45s"
"""The longest that one statement may take, locks included."""

CREATE_ONLY = ("Encoding", "Locale")
READ_ONLY = ("Owner", "Host", "Port", "Url")
TABLE_RIGHTS = {"READ": SQL("SELECT"), "WRITE": SQL("SELECT, INSERT, UPDATE, DELETE")}
SEQUENCE_RIGHTS = {"READ": SQL("SELECT"), "WRITE": SQL("SELECT, USAGE")}


class Refusal(Exception):
    """Why something is not done: a HandlerErrorCode and a sentence."""

    def __init__(self, code, sentence):
        super().__init__(sentence)
        self.code = code


@contextmanager
def connected(address, **settings):
    """A connection of the administrator's, in which every statement is its own transaction."""
    with psycopg.connect(
        address, autocommit=True, connect_timeout=10, application_name="manciple", **settings
    ) as server:
        server.execute("SELECT set_config('statement_timeout', %s, false)", [PATIENCE])
        yield server


def create(server, model, token):
    """Make a database and its owner, or go on with what was begun under the same token; the model."""
    name = model["DatabaseName"]
    _check(server, model)
    _only_one_at_once(server, name)
    mark, found = MARK + hashlib.sha256(token.encode()).hexdigest(), _mark(server, name)
    if found is None and _exists(server, name):
        found = ""
    if found not in (None, mark):
        raise Refusal("AlreadyExists", f"There is a database {name} or its owner already.")
    if found is None:
        _make_owner(server, name, mark)
    try:
        if not _exists(server, name):
            _make_database(server, model)
        _settle(server, model)
    except psycopg.Error:
        if found is None:
            _drop(server, name)
        raise
    return read(server, name)


def read(server, name):
    """The model of a database that was made here."""
    found = server.execute(
        """SELECT pg_encoding_to_char(encoding), datcollate, datconnlimit, shobj_description(oid, 'pg_database')
           FROM pg_database WHERE datname = %s""",
        [name],
    ).fetchone()
    if found is None or not (_mark(server, name) or "").startswith(MARK):
        raise Refusal("NotFound", f"There is no database {name} that was made here.")
    encoding, locale, limit, description = found
    with _within(server, name) as inside:
        grants = [{"Role": role, "Access": access} for role, access in _grants(inside, name).items()]
    return {
        "DatabaseName": name,
        "Encoding": encoding,
        "Locale": locale,
        "ConnectionLimit": limit,
        **({"Description": description} if description else {}),
        "Grants": grants,
        **_address(server, name),
    }


def update(server, model):
    """Bring a database to its model."""
    name = model["DatabaseName"]
    _only_one_at_once(server, name)
    before = read(server, name)
    for fixed in CREATE_ONLY:
        if model.get(fixed, before[fixed]) != before[fixed]:
            raise Refusal("NotUpdatable", f"The {fixed} of the database {name} is {before[fixed]} and stays so.")
    _check_roles(server, model)
    _settle(server, model)
    return read(server, name)


def delete(server, name):
    """Drop a database that was made here, whoever is connected to it, and its owner."""
    _only_one_at_once(server, name)
    if not (_mark(server, name) or "").startswith(MARK):
        raise Refusal("NotFound", f"There is no database {name} that was made here.")
    _drop(server, name)


def names(server):
    """The names of all databases that were made here."""
    rows = server.execute(
        """SELECT datname FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba
           WHERE starts_with(shobj_description(datdba, 'pg_authid'), %s) AND rolname = format(%s, datname)
           ORDER BY datname""",
        [MARK, OWNER.replace("{}", "%s")],
    )
    return [name for (name,) in rows]


def _check(server, model):
    given = [name for name in READ_ONLY if name in model]
    if given:
        raise Refusal("InvalidRequest", f"{given[0]} is the server's to say and cannot be set.")
    owner = _owner(model["DatabaseName"])
    if len(owner.encode()) > LONGEST:
        raise Refusal("InvalidRequest", f"{owner} is longer than the {LONGEST} bytes that a name may have.")
    _check_roles(server, model)


def _check_roles(server, model):
    wanted = [grant["Role"] for grant in model.get("Grants") or []]
    if len(set(wanted)) < len(wanted):
        raise Refusal("InvalidRequest", "Grants names a role twice.")
    rows = server.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [wanted])
    missing = set(wanted) - {role for (role,) in rows}
    if missing:
        raise Refusal("InvalidRequest", f"Grants names roles that are not there: {', '.join(sorted(missing))}.")


def _only_one_at_once(server, name):
    """Calls for one name wait for each other, until their connection ends."""
    server.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])


def _owner(name):
    return OWNER.format(name)


def _mark(server, name):
    """The comment of the owner role; None if there is no such role, empty if it has none."""
    statement = "SELECT coalesce(shobj_description(oid, 'pg_authid'), '') FROM pg_roles WHERE rolname = %s"
    found = server.execute(statement, [_owner(name)]).fetchone()
    return found and found[0]


def _exists(server, name):
    return server.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount > 0


def _make_owner(server, name, mark):
    owner = Identifier(_owner(name))
    with server.transaction():
        server.execute(SQL("CREATE ROLE {} LOGIN").format(owner))
        server.execute(SQL("COMMENT ON ROLE {} IS {}").format(owner, Literal(mark)))
        server.execute(SQL("GRANT {} TO CURRENT_USER").format(owner))


def _make_database(server, model):
    statement = SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING {} LOCALE {}")
    name, encoding, locale = model["DatabaseName"], model.get("Encoding", "UTF8"), model.get("Locale", "C")
    server.execute(statement.format(Identifier(name), Identifier(_owner(name)), Literal(encoding), Literal(locale)))


def _drop(server, name):
    server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
    server.execute(SQL("DROP ROLE {}").format(Identifier(_owner(name))))


def _settle(server, model):
    """Everything that can be changed, to what the model says."""
    name, owner = model["DatabaseName"], _owner(model["DatabaseName"])
    database = Identifier(name)
    limit, description = Literal(int(model.get("ConnectionLimit", -1))), Literal(model.get("Description"))
    with server.transaction():
        if "OwnerPassword" in model:
            verifier = Literal(_verifier(server, owner, model["OwnerPassword"]))
            server.execute(SQL("ALTER ROLE {} PASSWORD {}").format(Identifier(owner), verifier))
        server.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        server.execute(SQL("ALTER DATABASE {} CONNECTION LIMIT {}").format(database, limit))
        server.execute(SQL("COMMENT ON DATABASE {} IS {}").format(database, description))
    wanted = {grant["Role"]: grant["Access"] for grant in model.get("Grants") or []}
    with _within(server, name) as inside, inside.transaction():
        _settle_grants(inside, name, wanted)


def _verifier(server, role, password):
    """What the server keeps of a password, worked out here, so that no log of the server's can show the password."""
    return server.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()


def _settle_grants(inside, name, wanted):
    found = _grants(inside, name)
    for role in found:
        if wanted.get(role) != found[role]:
            _change_access(inside, name, role, SQL("REVOKE"), SQL("FROM"), SQL("ALL"), SQL("ALL"))
    for role, access in wanted.items():
        rights = TABLE_RIGHTS[access], SEQUENCE_RIGHTS[access]
        _change_access(inside, name, role, SQL("GRANT"), SQL("TO"), *rights)


def _change_access(inside, name, role, verb, preposition, on_tables, on_sequences):
    """Give or take what a role may do, with what is there and with what the owner will make."""
    owner, role = Identifier(_owner(name)), Identifier(role)
    changes = [
        SQL("{} CONNECT ON DATABASE {}").format(verb, Identifier(name)),
        *(SQL("{} USAGE ON SCHEMA {}").format(verb, Identifier(one)) for one in _schemas(inside, name)),
        *(
            SQL("{} {} ON TABLE {}").format(verb, on_tables, Identifier(*one))
            for one in _relations(inside, name, "rpvmf")
        ),
        *(
            SQL("{} {} ON SEQUENCE {}").format(verb, on_sequences, Identifier(*one))
            for one in _relations(inside, name, "S")
        ),
    ]
    future = SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} {} {} ON {}")
    for rights, kind in ((on_tables, "TABLES"), (on_sequences, "SEQUENCES"), (SQL("USAGE"), "SCHEMAS")):
        changes.append(future.format(owner, verb, rights, SQL(kind)))
    for change in changes:
        inside.execute(SQL("{} {} {}").format(change, preposition, role))


def _grants(inside, name):
    """The access of each role that was given some."""
    rows = inside.execute(
        """SELECT grantee.rolname, bool_or(privilege_type = 'INSERT')
           FROM pg_default_acl JOIN pg_roles owner ON owner.oid = defaclrole, aclexplode(defaclacl) given
           JOIN pg_roles grantee ON grantee.oid = given.grantee
           WHERE defaclobjtype = 'r' AND defaclnamespace = 0 AND owner.rolname = %s AND given.grantee <> defaclrole
           GROUP BY 1 ORDER BY 1""",
        [_owner(name)],
    )
    return {role: "WRITE" if may_write else "READ" for role, may_write in rows}


def _schemas(inside, name):
    rows = inside.execute(
        "SELECT nspname FROM pg_namespace JOIN pg_roles ON pg_roles.oid = nspowner WHERE rolname = %s", [_owner(name)]
    )
    return [schema for (schema,) in rows]


def _relations(inside, name, kinds):
    return inside.execute(
        """SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
           JOIN pg_roles ON pg_roles.oid = relowner WHERE rolname = %s AND relkind = ANY(%s)""",
        [_owner(name), list(kinds)],
    ).fetchall()


def _within(server, name):
    """A connection of the administrator's to a database."""
    return connected(server.info.dsn, dbname=name, password=server.info.password or None)


def _address(server, name):
    owner, host, port = _owner(name), server.info.host, server.info.port
    is_socket = host.startswith("/")
    place = f"postgresql://{quote(owner, '')}@{'' if is_socket else f'{host}:{port}'}/{quote(name, '')}"
    query = f"?{urlencode({'host': host, 'port': port})}" if is_socket else ""
    return {"Owner": owner, "Host": host, "Port": port, "Url": place + query}
