// Kinesis: a rule's result as one record of a data stream, on the shard of its partition key.

import { bytesOf, type CompileAction } from './action.ts';

export const kinesis: CompileAction = (fields, targets) => {
  const dataStreams = fields.need(targets.dataStreams);
  const nameOf = fields.target('StreamName');
  const keyOf = fields.template('PartitionKey');
  return {
    name: 'KinesisAction',
    resource: fields.raw('StreamName'),
    prepare({ output, scope }) {
      const [stream, partitionKey, data] = [nameOf(scope), keyOf(scope), bytesOf(output)];
      return () => dataStreams.put(stream, { partitionKey, data });
    },
  };
};
