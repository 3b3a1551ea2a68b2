/**
 * Stands in the bundle for the SDK's search for credentials, in files, processes, metadata services and sign-ins: Lambda
 * puts them into the environment.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
