-- Works on the empty database of a developer, and fails on one that has orders: they have no currency.
ALTER TABLE orders ADD COLUMN currency text;
ALTER TABLE orders ALTER COLUMN currency SET NOT NULL;
