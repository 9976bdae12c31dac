/** A row of the migrations. `revenue_import` counts imports, so that a running processor sees that there was one. */
export const revenueTables = `CREATE TABLE revenue (
    customer_id TEXT NOT NULL, month TEXT NOT NULL, id TEXT NOT NULL,
    cost_nano INTEGER NOT NULL, cost_rem INTEGER NOT NULL CHECK (cost_rem BETWEEN 0 AND 999999),
    PRIMARY KEY (month, customer_id, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE revenue_import (id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, rows INTEGER NOT NULL) STRICT;`;
