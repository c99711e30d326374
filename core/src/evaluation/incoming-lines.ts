import { z } from 'zod';
import {
  EVALUATOR_PROTOCOL_VERSION,
  evaluatorHello,
  evaluatorMessage,
  type EvaluatorHello,
  type EvaluatorMessage,
} from '../contracts/evaluator-protocol.js';
import { AssayError } from '../errors/assay-error.js';
import { issueLines } from '../errors/describe.js';
import { evaluationErrors } from './errors.js';

const anyHello = z.object({ type: z.literal('hello'), protocol: z.number() });

/** The first line of a program, or why the program can't be used. */
export function helloOf(line: string, command: string): EvaluatorHello | AssayError {
  const value = valueOf(line);
  const message = messageOf(line);
  // A program that can't start may say why.
  if (message?.type === 'fault') return new AssayError(message.error);
  const said = anyHello.safeParse(value).data;
  if (!said) return evaluationErrors.EVALUATOR_START({ command, reason: 'its first line is not a hello' });
  if (said.protocol !== EVALUATOR_PROTOCOL_VERSION)
    return evaluationErrors.EVALUATOR_VERSION({ command, version: said.protocol, wanted: EVALUATOR_PROTOCOL_VERSION });
  const { data, error } = evaluatorHello.safeParse(value);
  return data ?? evaluationErrors.EVALUATOR_HELLO({ command, issues: issueLines(error) ?? [] });
}

/** A line after the hello; undefined when it is not of the protocol. */
export const messageOf = (line: string): EvaluatorMessage | undefined => evaluatorMessage.safeParse(valueOf(line)).data;

function valueOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
