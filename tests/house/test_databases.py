"""The databases that the tests run on."""

import sqlalchemy


def test_each_test_gets_an_empty_database_that_it_can_write(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)

    with engine.begin() as connection:
        tables_before = sqlalchemy.inspect(connection).get_table_names()
        connection.exec_driver_sql("CREATE TABLE portfolio (id TEXT)")
        connection.exec_driver_sql("INSERT INTO portfolio VALUES ('port-1')")
        rows = connection.exec_driver_sql("SELECT id FROM portfolio").all()
    engine.dispose()

    assert tables_before == []
    assert rows == [("port-1",)]


def test_a_database_of_a_test_before_is_not_seen(database_url: str) -> None:
    test_each_test_gets_an_empty_database_that_it_can_write(database_url)
