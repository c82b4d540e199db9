// Keeps the identity (for this browser) and its credentials (for this tab), so that a reload does not request them again.

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Epoch milliseconds. */
  readonly expiration: number;
  readonly identityId: string;
}

/**
 * Separate keys for guest and user: after a logout the user gets the earlier guest identity back. Credentials end with
 * the tab.
 */
const KEYS = {
  guest: { identity: 'tidegate.identity', credentials: 'tidegate.credentials' },
  user: { identity: 'tidegate.identity.user', credentials: 'tidegate.credentials.user' },
} as const;

function take(storage: Storage, key: string, prefix: string): string | undefined {
  const found = storage.getItem(key);
  return found?.startsWith(prefix) ? found.slice(prefix.length) : undefined;
}

/**
 * Stored values belong to one identity pool and one user. Nobody else can read them.
 * @param sub the ID of the logged-in user; undefined for a guest
 */
export function createKept(identityPoolId: string, sub: () => string | undefined) {
  const place = () => {
    const own = sub();
    return own === undefined
      ? { ...KEYS.guest, prefix: `${identityPoolId}/` }
      : { ...KEYS.user, prefix: `${identityPoolId}/${own}/` };
  };

  return {
    identity(): string | undefined {
      const { identity, prefix } = place();
      return take(localStorage, identity, prefix);
    },
    keepIdentity(identityId: string): void {
      const { identity, prefix } = place();
      localStorage.setItem(identity, prefix + identityId);
    },
    forgetIdentity: () => localStorage.removeItem(place().identity),
    credentials(): Credentials | undefined {
      const { credentials, prefix } = place();
      const text = take(sessionStorage, credentials, prefix);
      return text === undefined ? undefined : (JSON.parse(text) as Credentials);
    },
    keepCredentials(issued: Credentials): void {
      const { credentials, prefix } = place();
      sessionStorage.setItem(credentials, prefix + JSON.stringify(issued));
    },
    forgetCredentials: () => sessionStorage.removeItem(place().credentials),
  };
}
