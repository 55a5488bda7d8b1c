-- How far each pull of a source has come. A live pull has one cursor, every back-fill its own.
CREATE TABLE feed_cursors (
    source_id  text NOT NULL,
    name       text NOT NULL,
    position   timestamptz NOT NULL,             -- starts of periods before this have been passed on
    moved_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source_id, name)
);

-- What Kafka has of each value: a value that differs from its newest revision is the next one. Never overwritten.
CREATE TABLE feed_revisions (
    source_id    text NOT NULL,
    item         text NOT NULL,                  -- what the value is of, besides its period
    period_start timestamptz NOT NULL,
    revision     integer NOT NULL CHECK (revision > 0),
    digest       bytea NOT NULL CHECK (length(digest) = 16),
    known_at     timestamptz NOT NULL,           -- domain time
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source_id, item, period_start, revision)
);

-- Raw answers. The body is in a file named by its hash.
CREATE TABLE feed_answers (
    answer_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider    text NOT NULL,
    url         text NOT NULL,                   -- without keys
    status      integer NOT NULL,
    sha256      bytea NOT NULL CHECK (length(sha256) = 32),
    body_bytes  integer NOT NULL,
    served_at   timestamptz,                     -- the provider's clock
    received_at timestamptz NOT NULL,            -- domain time
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX feed_answers_by_provider ON feed_answers (provider, recorded_at);
