import { z } from 'zod';
import {
  EVALUATOR_PROTOCOL_VERSION,
  evaluatorHello,
  evaluatorMessage,
  evaluatorNotice,
  evaluatorRequest,
} from '@assay/core/contracts/evaluator-protocol';
import { textLossDetails, textLossTask } from '@assay/core/kinds/text-loss/schemas';

/** JSON schema of the lines that a validator and an evaluator program write to each other, by who writes them. */
export function protocolJsonSchema(): string {
  const definitions = {
    request: schemaOf(evaluatorRequest),
    notice: schemaOf(evaluatorNotice),
    hello: schemaOf(evaluatorHello),
    message: schemaOf(evaluatorMessage),
    textLossParameters: schemaOf(textLossTask),
    textLossDetails: schemaOf(textLossDetails),
  };
  const lines = ['request', 'notice', 'hello', 'message'] as const;
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `One line of the evaluator protocol, version ${EVALUATOR_PROTOCOL_VERSION}`,
    description:
      'The validator writes requests and notices; the program writes a hello, then messages. docs/build/evaluator-protocol.md explains them.',
    anyOf: lines.map((name) => ({ $ref: `#/$defs/${name}` })),
    $defs: definitions,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** As the other side has to write it: members that have a default may be left out, unknown ones are ignored. */
function schemaOf(type: z.ZodType): Record<string, unknown> {
  const schema = z.toJSONSchema(type, { unrepresentable: 'any', io: 'input' });
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema'));
}
