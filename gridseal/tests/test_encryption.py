"""Where TLS is required, an address on a network says it, and checks whom it reaches."""

from pathlib import Path

import pytest

from gridseal.errors import ConfigError
from gridseal.runtime.kafka import KafkaAddress, spark_options
from gridseal.runtime.settings import CoreSettings, load_settings

POSTGRES, REDIS, MONGO, KAFKA = (
    f"GRIDSEAL_{name}" for name in ("POSTGRES_DSN", "REDIS_URL", "MONGO_URL", "KAFKA_BOOTSTRAP")
)
PLAIN = [
    (KAFKA, "kafka:9092"),
    (KAFKA, "127.0.0.1:9092,kafka-1:9092"),
    (POSTGRES, "postgresql://gridseal:s3cret@postgres:5432/gridseal"),
    (POSTGRES, "postgresql://gridseal:s3cret@postgres/gridseal?sslmode=require"),
    (POSTGRES, "postgresql://gridseal:s3cret@postgres/gridseal?sslmode=verify-ca&sslrootcert=/x"),
    (POSTGRES, "postgresql://gridseal:s3cret@127.0.0.1,postgres/gridseal"),
    (POSTGRES, "postgresql://gridseal:s3cret@127.0.0.1/gridseal?hostaddr=10.1.2.3"),
    (POSTGRES, "host=postgres password=s3cret dbname=gridseal"),
    (REDIS, "redis://:s3cret@redis:6379/0"),
    (REDIS, "rediss://:s3cret@redis:6379/0?ssl_cert_reqs=none"),
    (REDIS, "rediss://:s3cret@redis:6379/0?ssl_ca_certs=/x&ssl_check_hostname=false"),
    (MONGO, "mongodb://gridseal:s3cret@mongo:27017"),
    (MONGO, "mongodb://gridseal:s3cret@mongo:27017/?tls=false"),
    (MONGO, "mongodb://gridseal:s3cret@mongo:27017/?tls=true&tlsAllowInvalidHostnames=true"),
    (MONGO, "mongodb://gridseal:s3cret@127.0.0.1,mongo:27017"),
    (MONGO, "mongodb+srv://gridseal:s3cret@mongo.example/?tlsInsecure=true"),
]
SAFE = [
    (KAFKA, "ssl://kafka:9093?ca=/x&cert=/y&key=/z"),
    (KAFKA, "127.0.0.1:9092,[::1]:9092"),
    (POSTGRES, "postgresql://gridseal:s3cret@postgres/gridseal?sslmode=verify-full&sslrootcert=/x"),
    (POSTGRES, "postgresql://gridseal@/gridseal?host=/run/postgresql"),
    (POSTGRES, "postgresql://gridseal@localhost:5432/gridseal"),
    (REDIS, "rediss://:s3cret@redis:6379/0?ssl_ca_certs=/x&ssl_check_hostname=true"),
    (REDIS, "unix:///run/redis.sock"),
    (MONGO, "mongodb://gridseal:s3cret@mongo:27017/?tls=true&tlsCAFile=/x"),
    (MONGO, "mongodb://[::1]:27017"),
    (MONGO, "mongodb+srv://gridseal:s3cret@mongo.example/?tlsCAFile=/x"),
]


@pytest.mark.parametrize(("name", "address"), PLAIN)
def test_a_plain_address_on_a_network_is_refused_by_name_and_its_password_is_not_told(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.setenv(name, address)
    load_settings(CoreSettings)
    monkeypatch.setenv("GRIDSEAL_REQUIRE_TLS", "1")

    with pytest.raises(ConfigError, match=f"^{name} must say TLS while GRIDSEAL_REQUIRE_TLS=1: .*; write ") as refused:
        load_settings(CoreSettings)

    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(("name", "address"), SAFE)
def test_what_is_encrypted_or_stays_on_the_machine_is_taken(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.setenv(name, address)
    monkeypatch.setenv("GRIDSEAL_REQUIRE_TLS", "1")

    assert load_settings(CoreSettings).require_tls


def test_what_is_no_address_is_refused_without_telling_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDSEAL_REQUIRE_TLS", "1")
    monkeypatch.setenv(POSTGRES, "postgresql://gridseal:s3cret@postgres:5432/gridseal?sslmod=x")

    with pytest.raises(ConfigError, match=POSTGRES) as refused:
        load_settings(CoreSettings)

    assert "s3cret" not in str(refused.value)


def test_the_key_may_lie_beside_its_certificate_and_stays_out_of_the_options_of_spark(tmp_path: Path) -> None:
    version = tmp_path / "..2026"
    version.mkdir()
    for name in ("ca.crt", "user.crt", "user.key"):
        (version / name).write_text(f"content of {name}")
        (tmp_path / name).symlink_to(version / name)  # as a mounted secret is
    text = f"ssl://kafka:9093?ca={tmp_path}/ca.crt&cert={tmp_path}/user.crt&key={tmp_path}/user.key"

    options = spark_options(text)

    assert KafkaAddress.read(text).key == tmp_path / "user.key"
    assert options["kafka.ssl.keystore.key"] == f"${{files:{tmp_path}:user.key}}"
    assert options["kafka.ssl.truststore.location"] == f"{tmp_path}/ca.crt"
    assert not [value for value in options.values() if "content" in value or "..2026" in value]


@pytest.mark.parametrize("query", ["ca={0}&key={0}", "ca={0}&cert={0}&key={1}", "ca={0}&cert={0}&key=/no/such"])
def test_a_key_without_its_certificate_beside_it_is_refused(tmp_path: Path, query: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    files = (tmp_path / "one", tmp_path / "elsewhere" / "two")
    for file in files:
        file.write_text("x")

    with pytest.raises(ConfigError, match=KAFKA):
        KafkaAddress.read("ssl://kafka:9093?" + query.format(*files))
