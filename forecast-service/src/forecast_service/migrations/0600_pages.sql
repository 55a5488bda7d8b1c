-- Pages for people, the newest of each name: whichever process has the database can show them.
CREATE TABLE forecast.pages (
  name    text PRIMARY KEY,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  html    text NOT NULL
);
