import description from '../package.json' with { type: 'json' };

/** Of this program: agent and controller come from one package. */
export const version: string = description.version;
