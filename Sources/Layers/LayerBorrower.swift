/// Someone who lets the kernel read complete layers past us, such as by a file system on their tars.
package protocol LayerBorrower: Sendable {
    /// Sees to it that nobody begins to read `layer` past us any more. Whoever reads already may go on.
    /// - Returns: what `Layer.takeBack` gives then.
    func recall(_ layer: Layer) -> Bool
}
