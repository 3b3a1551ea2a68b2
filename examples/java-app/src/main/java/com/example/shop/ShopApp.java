// What: an app in Java: Flyway migrates a database during `cdk deploy`, and the service is rolled out only after that.
// Why: the database has no public address, so CI cannot reach it, but a task in its VPC can. A new SQL file leads to a new
//   image, a new revision, and a new run. If the migration fails, the service does not change.
// Cost: the service about 13 USD a month with its public address, the secret 0.40 USD, and the database 0.12 USD for each
//   hour and capacity unit while it is active (at least half a unit), and only its storage while it is paused.
//   No NAT gateway.
// Run: in this folder, into your account (the database takes about 10 minutes):
//   npx cdk deploy
package com.example.shop;

import software.amazon.awscdk.App;

public final class ShopApp {
    public static void main(final String[] args) {
        App app = new App();
        new ShopStack(app, "JavaApp");
        app.synth();
    }
}
