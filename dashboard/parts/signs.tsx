// State signs and icons. Shape and word carry the meaning; colour only repeats it.

import type { State } from '../model/fleet.ts';

const DIAMOND = 'M7 1 13 7 7 13 1 7z';
const line = { fill: 'none', stroke: 'currentColor', 'stroke-width': 1.5 } as const;

const SHAPES = {
  alarm: (
    <>
      <path d="M7 .2 13.8 7 7 13.8.2 7z" fill="currentColor" />
      <path d="M7 3.6v4M7 9.1v1.5" stroke="var(--paper)" stroke-width="1.6" />
    </>
  ),
  ack: (
    <>
      <path d={DIAMOND} {...line} />
      <path d="m4.6 7 1.7 1.7 3-3.2" {...line} />
    </>
  ),
  pending: (
    <>
      <path d={DIAMOND} {...line} />
      <path d="M7 1 13 7 7 13z" fill="currentColor" />
    </>
  ),
  silent: (
    <>
      <circle cx="7" cy="7" r="5.6" {...line} stroke-dasharray="2.6 1.8" />
      <path d="m3 11 8-8" {...line} />
    </>
  ),
  ok: <circle cx="7" cy="7" r="3.2" {...line} />,
  past: <path d="m2.5 7.2 3 3 6-6.4" {...line} />,
} as const;

export type Sign = keyof typeof SHAPES | State;

export const Shape = ({ name, size = 14 }: { name: Sign; size?: number }) => (
  <svg viewBox="0 0 14 14" width={size} height={size} aria-hidden="true">
    {SHAPES[name]}
  </svg>
);

export const SignWord = ({ name, word }: { name: Sign; word: string }) => (
  <span class={`sign ${name}`}>
    <Shape name={name} />
    <span class="w">{word}</span>
  </span>
);

const ICONS = {
  wave: [
    '0 0 22 12',
    <>
      <path d="M1 8c3-7 5-7 7 0s4 5 6-2l2-3" {...line} />
      <circle cx="18.5" cy="3" r="2.5" fill="currentColor" />
    </>,
  ],
  cut: ['0 0 22 12', <path d="M1 8c3-7 5-7 7 0M13 2.5l7 7M20 2.5l-7 7" {...line} />],
  mark: [
    '0 0 22 22',
    <>
      <path d="M11 2.5v17" stroke="currentColor" stroke-width="2.6" />
      <path
        d="M1.5 8c2-2.4 4-2.4 5.8 0M14.5 14.5c2-2.4 4-2.4 6 0M1.5 13.5h5.8M1.5 18h5.8M14.5 18.5h6"
        {...line}
      />
    </>,
  ],
  theme: [
    '0 0 18 18',
    <>
      <circle cx="9" cy="9" r="6.5" {...line} />
      <path d="M9 2.5a6.5 6.5 0 0 1 0 13z" fill="currentColor" />
    </>,
  ],
  fleet: ['0 0 20 20', <path d="M3 3h6v6H3zM11 3h6v6h-6zM3 11h6v6H3zM11 11h6v6h-6z" {...line} />],
  alerts: [
    '0 0 20 20',
    <>
      <path d="M10 2 18 10 10 18 2 10z" {...line} />
      <path d="M10 6v5M10 12.5V14" {...line} />
    </>,
  ],
  rules: ['0 0 20 20', <path d="M2 6h16M2 14c4 0 4-5 8-5s4 3 8 1" {...line} />],
  report: ['0 0 20 20', <path d="M4 2h12v16H4zM7 6h6M7 10h6M7 14h3" {...line} />],
  inbox: ['0 0 20 20', <path d="M2 4h16v12H2zM2 5l8 6 8-6" {...line} />],
  phone: ['0 0 20 20', <path d="M6 2h8v16H6zM9 15h2" {...line} />],
  console: ['0 0 20 20', <path d="m3 5 5 5-5 5M10 15h7" {...line} />],
  pipeline: ['0 0 20 20', <path d="M2 5h5v10h6V5h5" {...line} />],
  add: ['0 0 20 20', <path d="M10 3v14M3 10h14" {...line} />],
  more: ['0 0 20 20', <path d="M3 5h14M3 10h14M3 15h14" {...line} />],
} as const;

export type IconName = keyof typeof ICONS;

export const Icon = ({ name }: { name: IconName }) => {
  const [viewBox, drawing] = ICONS[name];
  return (
    <svg viewBox={viewBox} aria-hidden="true">
      {drawing}
    </svg>
  );
};
