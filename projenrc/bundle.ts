import type { awscdk } from 'projen';

/**
 * Bundles the handler with its SDK clients when the library is built. Users need neither esbuild nor Docker, and ECS also gets request
 * members that the SDK in the Lambda runtime does not know yet.
 */
export function bundleHandler(project: awscdk.AwsCdkConstructLibrary): void {
  const { bundleTask } = project.bundler;
  bundleTask.exec('tsx projenrc/bundle-handler.ts');
  // The SBOM of a release lists what the bundle contains; NOTICE, which every package carries, is written from the SBOM.
  bundleTask.exec('cyclonedx-esbuild --gather-license-texts --output-reproducible --mc-type library --output-file dist/sbom.cdx.json dist/bundle.json');
  bundleTask.exec('tsx projenrc/write-notice.ts');
  project.gitignore.addPatterns('/NOTICE');
  // The gate bundles once, and then runs several tests in parallel. They must not find an incomplete file.
  bundleTask.addCondition('node -e "process.exit(+(\'BUNDLED\' in process.env && fs.existsSync(\'assets/lambda/handler/index.js\')))"');
}
