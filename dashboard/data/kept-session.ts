// What a reload of the page does not ask for again: the identity, in this browser, and its credentials, in this tab.

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Epoch milliseconds. */
  readonly expiration: number;
  readonly identityId: string;
}

/** Apart from each other, since whoever logs out is the guest of before. Credentials are gone with the tab, as the tokens are. */
const KEYS = {
  guest: { identity: 'tidegate.identity', credentials: 'tidegate.credentials' },
  user: { identity: 'tidegate.identity.user', credentials: 'tidegate.credentials.user' },
} as const;

function take(storage: Storage, key: string, prefix: string): string | undefined {
  const found = storage.getItem(key);
  return found?.startsWith(prefix) ? found.slice(prefix.length) : undefined;
}

/**
 * What is kept is of one identity pool and one user, and nobody else gets it.
 *
 * @param sub of who is logged in; undefined of a guest
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
