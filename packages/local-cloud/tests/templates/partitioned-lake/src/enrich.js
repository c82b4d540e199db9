// Adds a unit to each record of a delivery stream, and drops what says nothing.

exports.handler = async ({ records }) => ({
  records: records.map(({ recordId, data }) => {
    const record = JSON.parse(Buffer.from(data, 'base64').toString());
    if (record.value === undefined) return { recordId, result: 'Dropped' };
    const enriched = JSON.stringify({ ...record, unit: 'C' });
    return { recordId, result: 'Ok', data: Buffer.from(enriched).toString('base64') };
  }),
});
