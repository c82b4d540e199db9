// The owner of all buckets and objects: one machine has one.

export const owner = {
  ID: '0000000000000000000000000000000000000000000000000000000000000000',
  DisplayName: 'local',
};
