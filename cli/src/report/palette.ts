import pc from 'picocolors';

export interface Palette {
  bold: (text: string) => string;
  dim: (text: string) => string;
  red: (text: string) => string;
  green: (text: string) => string;
  yellow: (text: string) => string;
}

export function paletteFor(colour: boolean): Palette {
  const { bold, dim, red, green, yellow } = pc.createColors(colour && !process.env['NO_COLOR']);
  return { bold, dim, red, green, yellow };
}
