// The reserved topics on which devices request certificates, and to be provisioned.
// https://docs.aws.amazon.com/iot/latest/developerguide/fleet-provision-api.html

export const provisioningTopic =
  /^\$aws\/(?:certificates\/(create|create-from-csr)|provisioning-templates\/([\w-]{1,36})\/provision)\/json$/;

/** Whether clients may publish to it. */
export const isProvisioningTopic = (topic: string): boolean => provisioningTopic.test(topic);
