// Whose all buckets and objects are: one machine has one owner.

export const owner = {
  ID: '0000000000000000000000000000000000000000000000000000000000000000',
  DisplayName: 'local',
};
