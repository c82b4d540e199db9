export const Alerts = () => <p>soon</p>;
