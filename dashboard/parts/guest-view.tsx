// What guests see instead of a view that requires a login.

import type { ComponentChildren } from 'preact';
import type { App } from '../data/app.ts';
import { StateBox } from './state-box.tsx';

export const GuestView = ({
  app,
  heading,
  title,
  children = 'As a guest you see only devices and their readings.',
}: {
  app: App;
  heading: string;
  title: string;
  children?: ComponentChildren;
}) => (
  <>
    <div class="headrow">
      <h1>{heading}</h1>
    </div>
    <StateBox
      title={title}
      actions={
        app.session.canLogIn && (
          <button class="btn go" onClick={() => void app.session.logIn()}>
            Log in
          </button>
        )
      }
    >
      {children}
    </StateBox>
  </>
);
