/** A drawing as plain values: the report makes markup of it, and its script elements. */
export type Shape = readonly [tag: string, attributes: ShapeAttributes, ...children: ShapeChild[]];

export type ShapeChild = Shape | string;

export type ShapeAttributes = Readonly<Record<string, string | number>>;
