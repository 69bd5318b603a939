// What the TypeScript host sees of AssemblyScript's number types in layout.ts and codes.ts.
declare type u8 = number;
declare type i32 = number;
declare type u32 = number;
