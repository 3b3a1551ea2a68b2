CREATE TABLE orders (id uuid PRIMARY KEY, total_cents integer NOT NULL);
