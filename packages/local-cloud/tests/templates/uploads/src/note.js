// Notes what a topic says.

exports.handler = async ({ Records }) => {
  for (const { Sns } of Records) console.log(Sns.Message);
};
