from pathlib import Path

import msgspec
import pytest

from manciple.settings import Settings, SettingsError, check_secret_key, check_serving, load
from manciple.settings.sections import Runner, TargetRule

HOME = {"HOME": "/home/ana"}


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    file = tmp_path / "manciple.toml"
    file.write_text('port = 5000\nallowed_hosts = ["catalog.example"]\n[quota]\nresources_per_template = 900\n')
    return file


def refusal(
    flags: dict[str, object] | None = None, environ: dict[str, str] | None = None, file: Path | None = None
) -> str:
    with pytest.raises(SettingsError) as caught:
        load(flags or {}, HOME | (environ or {}), file)
    return str(caught.value)


def test_without_any_source_the_defaults_hold() -> None:
    settings, origins = load({}, HOME)

    assert settings == Settings(data=Path("/home/ana/.local/share/manciple"))
    assert set(origins.values()) == {"default"}


def test_the_data_directory_follows_xdg() -> None:
    settings, _ = load({}, HOME | {"XDG_DATA_HOME": "/data"})

    assert settings.data == Path("/data/manciple")


def test_a_file_goes_before_the_defaults(toml: Path) -> None:
    settings, origins = load({}, HOME, toml)

    assert (settings.port, settings.quota.resources_per_template) == (5000, 900)
    assert settings.allowed_hosts == ("catalog.example",)
    assert origins["quota.resources_per_template"] == str(toml)


def test_the_environment_goes_before_a_file(toml: Path) -> None:
    environ = {"MANCIPLE_PORT": "6000", "MANCIPLE_QUOTA__RESOURCES_PER_TEMPLATE": "5000"}

    settings, origins = load({}, HOME | environ, toml)

    assert (settings.port, settings.quota.resources_per_template) == (6000, 5000)
    assert origins["port"] == "MANCIPLE_PORT"
    assert origins["allowed_hosts"] == str(toml)


def test_a_flag_goes_before_the_environment() -> None:
    settings, origins = load({"port": 7000, "host": None, "execute": False}, HOME | {"MANCIPLE_PORT": "6000"})

    assert (settings.port, settings.host, settings.execute) == (7000, "127.0.0.1", False)
    assert (origins["port"], origins["host"], origins["execute"]) == ("--port", "default", "--no-execute")


def test_the_environment_may_name_the_file(toml: Path) -> None:
    settings, _ = load({}, HOME | {"MANCIPLE_CONFIG": str(toml)})

    assert settings.port == 5000


def test_the_environment_holds_every_type_as_text() -> None:
    settings, _ = load(
        {},
        HOME
        | {
            "MANCIPLE_INSECURE": "true",
            "MANCIPLE_ALLOWED_HOSTS": "a.example, b.example",
            "MANCIPLE_SECRET_KEY_FILE": "/keys/manciple",
            "MANCIPLE_ENGINE__POLL_SECONDS": "2",
            "MANCIPLE_SANDBOX__SIGNALS": "wait",
        },
    )

    assert settings.insecure is True
    assert settings.allowed_hosts == ("a.example", "b.example")
    assert settings.secret_key_file == Path("/keys/manciple")
    assert settings.engine.poll_seconds == 2.0
    assert settings.sandbox.signals == "wait"


def test_variables_of_others_are_no_settings() -> None:
    settings, _ = load({}, HOME | {"PORT": "1", "XMANCIPLE_PORT": "2"})

    assert settings.port == 4566


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"MANCIPLE_PORT": "x"}, "MANCIPLE_PORT: port is 'x' but must be a whole number from 0 to 65535"),
        (
            {"MANCIPLE_PORT": "70000"},
            "MANCIPLE_PORT: port is '70000' but must be a whole number from 0 to 65535",
        ),
        ({"MANCIPLE_AUTH": "none"}, "MANCIPLE_AUTH: auth is 'none' but must be open or sigv4"),
        ({"MANCIPLE_EXECUTE": "maybe"}, "MANCIPLE_EXECUTE: execute is 'maybe' but must be true or false"),
        (
            {"MANCIPLE_ENGINE__THREADS": "0"},
            "MANCIPLE_ENGINE__THREADS: engine.threads is '0' but must be a whole number from 1 upwards",
        ),
        (
            {"MANCIPLE_ENGINE__LEASE_SECONDS": "0"},
            "MANCIPLE_ENGINE__LEASE_SECONDS: engine.lease_seconds is '0' but must be a number above 0",
        ),
        (
            {"MANCIPLE_SANDBOX__SIGNAL": "auto"},
            "MANCIPLE_SANDBOX__SIGNAL: there is no setting 'sandbox.signal'; there are sandbox.signals",
        ),
    ],
)
def test_what_cannot_be_used_is_named_with_what_is_allowed(environ: dict[str, str], sentence: str) -> None:
    assert refusal(environ=environ) == sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('port = "4566"', "port is '4566' but must be a whole number from 0 to 65535"),
        ("allowed_hosts = 5", "allowed_hosts is 5 but must be a list of texts"),
        ("database = 5", "database is 5 but must be a text"),
        ("data = 5", "data is 5 but must be a path"),
        ("quota = 5", "there is no setting 'quota'; there are host, port, "),
        ("[engine]\nthread = 5", "there is no setting 'engine.thread'; there are engine.t"),
    ],
)
def test_a_fault_in_a_file_names_the_file_and_the_key(tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(content)

    assert refusal(file=file).startswith(f"{file}: {sentence}")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    sentence = refusal(file=tmp_path / "absent.toml")

    assert sentence == f"the settings file {tmp_path}/absent.toml cannot be read: No such file or directory"


def test_a_file_that_is_not_toml_is_named_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("port 4566")

    assert refusal(file=file).startswith(f"the settings file {file} is not TOML: ")
    assert "line 1" in refusal(file=file)


def test_a_flag_of_the_wrong_type_is_named() -> None:
    assert refusal({"log_format": "xml"}) == "--log-format: log_format is 'xml' but must be console or json"


def test_every_setting_is_printed_with_where_it_came_from() -> None:
    loaded = load({"insecure": True}, HOME | {"MANCIPLE_QUOTA__PRODUCTS": "7"})

    rows = {name: (value, origin) for name, value, origin in loaded.rows()}

    assert rows["insecure"] == ("true", "--insecure")
    assert rows["quota.products"] == ("7", "MANCIPLE_QUOTA__PRODUCTS")
    assert rows["public_url"] == ("", "default")
    assert rows.keys() == loaded.origins.keys()


@pytest.mark.parametrize("url", ["ana:{}@db/catalog", "db/catalog?user=ana&password={}", "db/catalog?password={}&a=b"])
def test_a_password_in_the_database_url_is_not_printed(url: str) -> None:
    loaded = load({"database": "postgresql+psycopg://" + url.format("hunter2")}, HOME)

    values = {name: value for name, value, _ in loaded.rows()}

    assert values["database"] == "postgresql+psycopg://" + url.format("****")


def settings_with(**changes: object) -> Settings:
    return msgspec.structs.replace(Settings(data=Path("/data")), **changes)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_an_open_server_may_listen_on_loopback(host: str) -> None:
    check_serving(settings_with(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "catalog.example"])
def test_an_open_server_may_not_listen_elsewhere(host: str) -> None:
    with pytest.raises(SettingsError, match=f"host {host} is reachable from elsewhere and auth is open"):
        check_serving(settings_with(host=host))


@pytest.mark.parametrize("allowance", [{"auth": "sigv4"}, {"insecure": True}])
def test_a_server_may_listen_elsewhere_when_it_verifies_or_is_meant_to(allowance: dict[str, object]) -> None:
    check_serving(settings_with(host="0.0.0.0", **allowance))


def test_with_postgresql_a_server_needs_its_public_url_and_key() -> None:
    shared = settings_with(database="postgresql+psycopg://db/catalog")

    with pytest.raises(SettingsError, match="public_url must be given"):
        check_serving(shared)
    with pytest.raises(SettingsError, match="secret_key_file must be given"):
        check_secret_key(shared)


def test_a_section_may_lie_in_a_section(tmp_path: Path) -> None:
    file = tmp_path / "manciple.toml"
    file.write_text('[targets.cloudformation]\nendpoint = "http://127.0.0.1:5000"\n')
    environ = {"MANCIPLE_TARGETS__CLOUDFORMATION__POLL_SECONDS": "0.5"}

    settings, origins = load({}, HOME | environ, file)

    assert settings.targets.cloudformation.endpoint == "http://127.0.0.1:5000"
    assert settings.targets.cloudformation.poll_seconds == 0.5
    assert origins["targets.cloudformation.endpoint"] == str(file)


def test_an_endpoint_is_an_address_or_aws() -> None:
    variable = "MANCIPLE_TARGETS__CLOUDFORMATION__ENDPOINT"

    assert load({}, HOME | {variable: "aws"}).settings.targets.cloudformation.endpoint == "aws"
    assert refusal(environ={variable: "ftp://x"}) == (
        f"{variable}: targets.cloudformation.endpoint is 'ftp://x' but must be "
        "aws, or an address that begins with http:// or https://"
    )


def test_custom_resources_are_a_table_whose_keys_are_patterns(tmp_path: Path) -> None:
    file = tmp_path / "manciple.toml"
    file.write_text('[custom_resources]\n"arn:aws:lambda:*:make.v1" = "http://127.0.0.1:8080/make"\n')

    from_file = load({}, {"MANCIPLE_CONFIG": str(file)}).settings.custom_resources
    from_variable = load({}, {"MANCIPLE_CUSTOM_RESOURCES": "arn:*=http://a, x=https://b"}).settings.custom_resources
    assert from_file == {"arn:aws:lambda:*:make.v1": "http://127.0.0.1:8080/make"}
    assert from_variable == {"arn:*": "http://a", "x": "https://b"}


def test_an_endpoint_of_a_custom_resource_must_be_an_http_address() -> None:
    with pytest.raises(SettingsError, match="a table of addresses that begin with http:// or https://"):
        load({}, {"MANCIPLE_CUSTOM_RESOURCES": "arn:*=file:///etc/passwd"})


def test_runners_of_service_actions_are_tables_by_document(tmp_path: Path) -> None:
    file = tmp_path / "manciple.toml"
    file.write_text(
        '[service_actions."AWS-*"]\nargv = ["/bin/restart", "now"]\n[service_actions.B]\nurl = "http://b"\n'
    )

    loaded = load({}, HOME, file)

    assert loaded.settings.service_actions == {
        "AWS-*": Runner(argv=("/bin/restart", "now")),
        "B": Runner(url="http://b"),
    }
    shown = {name: value for name, value, _ in loaded.rows()}["service_actions"]
    assert shown == "AWS-*={argv=/bin/restart, now, seconds=300.0}, B={url=http://b, seconds=300.0}"


@pytest.mark.parametrize(
    "runner", ["", 'argv = ["a"]\nurl = "http://b"', 'argv = "a"', 'url = "file:///a"', "shell = 1"]
)
def test_a_runner_is_either_a_list_of_arguments_or_an_address(tmp_path: Path, runner: str) -> None:
    file = tmp_path / "manciple.toml"
    file.write_text(f'[service_actions."A"]\n{runner}\n')

    sentence = refusal(file=file)

    assert sentence.startswith(f"{file}: service_actions is {{'A': ")
    assert sentence.endswith("must be a table of tables of argv, url, seconds, target_type, in a settings file")


def test_runners_do_not_fit_into_a_variable() -> None:
    sentence = refusal(environ={"MANCIPLE_SERVICE_ACTIONS": "A=http://b"})

    assert sentence.endswith("must be a table of tables of argv, url, seconds, target_type, in a settings file")


def test_targets_are_chosen_by_a_list_of_rules(tmp_path: Path) -> None:
    file = tmp_path / "manciple.toml"
    file.write_text('[[targets.rules]]\naccount = "111111111111"\ntarget = "cloudformation"\n')

    loaded = load({}, HOME, file)

    assert loaded.settings.targets.rules == (TargetRule(target="cloudformation", account="111111111111"),)
    assert ("targets.rules", "{target=cloudformation, account=111111111111}", str(file)) in loaded.rows()


def test_a_rule_that_names_no_target_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "manciple.toml"
    file.write_text('[[targets.rules]]\naccount = "111111111111"\n')

    assert refusal(file=file).endswith(
        "but must be a list of tables of target, product_type, account, region, in a settings file"
    )
