import Foundation
import Gzip
import TestSupport
import Testing

/// The vectors of soci.md, section 8 and appendix A: made by the peer's tool, named by their digests there.
enum Vectors {
    /// `A.tar.gz`: one member, plain header.
    static let layerA = decode(vectorA)
    /// `B.tar.gz`: the same tar in three members, the first with a file name.
    static let layerB = decode(layerBText)
    /// `C.tar.ztoc`, of the plain tar with spans of 4096 bytes.
    static let ztocC = gunzip(decode(ztocCText))
    /// `A.tar.gz.ztoc`, spans of more than 2000 bytes.
    static let ztocA = gunzip(decode(ztocAText))
    /// `C.tar`, which is what A and B decode to.
    static let tar = gunzip(layerA)

    private static func decode(_ text: String) -> [UInt8] {
        Array(Data(base64Encoded: text, options: .ignoreUnknownCharacters) ?? Data())
    }

    private static func gunzip(_ bytes: [UInt8]) -> [UInt8] {
        var content: [UInt8] = []
        do {
            let inflater = CheckpointingInflater(spanSize: .max)
            try inflater.feed(bytes, content: { content += $0 }, checkpoint: { _ in })
            try inflater.finish()
        } catch {
            Issue.record(error)
        }
        return content
    }
}

private let layerBText = """
    H4sICAAAAAAA/2xheWVyLnRhcgDkkkEOwiAQRbvmFHMDAaGch1haSQQM0FQ9vQNVF03UFQvj23zmMwk/+Zh82HWNoYiSsiqy1Xpm
    QnKhFBXFZ3SveAeydbDCnLKOGCWGkD/tfbv/UQz270IeWr5RCu6FeNe/7NW2f8bRAtoy1JM/73+wk0mZrALWD+ZCRvwURzjpq4lk
    QSss6wAuzP61WwewTk8G0ll7uFk/hod955qMcRiGYRi46xX5Whs46NahWfL7IjwKprMYqSOeKCp9YFUkbF/Rw2Xf4/iNc9tf+2fU
    +zoHihIWoEuwU9iBQdu71JzGIaSroBarFMLUthUl4B8YcmsUzRaDOKQmODrOMDo9ChfvESiw22Elxp0YMkG2hdMlVEtgi5o2Km0s
    EMv9hlBy3IqczGKlFOFaET8Hig1mphTj08Hjh1NS2Jwzbme5rDi/Btuji933amWZ06PaE+O5zK/mPizRhQV6JnoShpCufBXZMFv+
    of5slUkOxDAIBO/zCv7/ypHoTqiScovsGEFvPJ2lRrtNWcCE4XMnHjO2eOoNBDJ0HbVvNTAFTDSV1d4ymexsvBEjI3xaGUBDMTDp
    HPkNBA2TI1KYZiulfFP6LzB7A5YkDbp6f8yxIkHmkJYKS69SIBBo+Na57AACaQlQD8cK+Pt32GTvwYcnne9ypRqBOs23Yi6vSWRq
    nJ4VBAgeVqYTUqu7Y0/yCO4qajITFkyh3QcfMYDWsKEcvn3GElxBWn3oj3AEAvhxaJSOyf3R9hgCRpnpSu/9uD1JsDovxWpCIjzi
    DHPqAl9ZebmE5P7Nl0EOgzAMBHvmFflCqSreVIH6/2OFE8gM5lKJSuXAKYS1E8/azN928eNbMIEmIMB26Asb4gWdurASTsoZAJb2
    +o7/J5oUliSzKSkhgsCnVcmxBtyltkcT35Kkfkjp0+oaZI2ibmw7Slcv1LEhs5nwIh/X025YipvKzr6ERB5G4VHtFFckVhYSYqEc
    WV1W+gnZl9mksoitdemNZhmwOp9jgA1N6Gh1jrs3dqQNKmkblQQjzsR8NX7Mrkgfwq/q/9f5b3m956v2O3ti/p+mL+b/8f543sr4
    68F0ff5w/vsAqT6P/ZQRAAAfiwgAAAAAAAD/7JTdCgIhEIV9lH0C/5rR2y677BUkhb0o3Myox1/1ZiOo2GAWov1AZlDhHDyMjC1H
    yAfRu+QpNWTBALRaeK6tV4AarJVQ95U2RrFOVXOnmEnNXS/ZpWIlxZjf3ft0/qPUJ+a3nsejJ9OYn79CBNZJMkcP/Hn+cciCWqMG
    bBFn5C9Bl/lHamOVNf82/23F4Uyh8cX/v7G4zv8ScMHFdu/uu+B8SDQaL3Kf8jcw9eMg+d/IEBj/FbRxDiqAxT897BqEwMhSIdjZ
    w9MnUq8isaSkSK+0OLVILy+/JNU2I5PLyFghtyQzN9XW0BwWOXpGplwD7eZRQD2QlJmnX5CZl05LO4DJxgRv/W+C0f4zMjUYLf/p
    Aepdfdzw4YF23yigLUhJLdPPK83JoaUd4CrezIyU9p+psTGDgjEtHQUDROZ/AEn5te2UEQAAH4sIAAAAAAAA/2Ioys8vYcADDMDA
    EEob41M6mICevp6+Q0BihUdqYkpqEW3sgASJAS7awNDMFM4GixsaGBmaMyhU0MY5qKC0uCSxCGg9PewahMDQ0FyhILEkw7a0uEi/
    OCOxKFU/hbZAP41roD09CuCAHtEOytRmJiagPG5obmqATEOBKYOhiamRibm5gQko/xsbGxkbMigY0CcAIPmfUPlOSH6Igpz8vPTR
    /DhyQQqAvSrGQRiGgbtf4Sc0C/8xqdNGogmiRqW8ntZ2pSCxwkSGKL47++zBCgl926PZ/w//fwin0L3vf+i26L//vzjzlQrm0vMD
    L7TyDZYtqAv2eeBZwDAV1ZRmFkwscXQadwLyRAOD1oDzKgyuNNyVO+G5VlPfECmOjquLAfDMJVWY6r3IYWVKg6xHN1ZLfTqOlm0J
    yrreareT+eTt7c27q6l0fmvb6RcbZXDDMAzDwH+myP5TFuDR8RHop2lkWRQpKgKFFPRbu0ngpWUYncZpsC/UdegPS/QjToD/UvSV
    aKWaS2m1dPqgGc+NatSZJhFlJjFGaHI7k4KYBgwogjSTotlkMq7eNV7VPHKtxFKkdtCA3pk7WLbIIcTFa78qTBhvkk8h4iDbqHVU
    7t69qY5sSvQpA8sPbHLyk5nhsZzbPcXMaZSrAYNL4ozGIryzn+mmRTmeFxrsdUramIOynwXr6m+EgcvJ/Gko+dcYj5bv4/x4B7xA
    4JiMU3f6hOrKa/PjN4Z90X9slksShCAQQ/ecgvuf0ioSzIvtBp0B+puktTetJ4gfmmvVedsh1BbuiZ3InCRaqd3lm0kEUbWf6na5
    1o8XTGUOUd/gVELvB2WbsN0k3oeThYHqeEBNCZt0cn/i1Y0BP5ja1P6eGdA55e5DtkGaH0viOnlxE6heegu1CWadlEqhGuo9A9Cx
    ay3GLGi1ffU4kksUr7YNWSqpbkCRr3U/XPBTnIgOOV1opdANwFdGzXVUTIyqdhcrI8YU4MZbcD3LTS55nd8AOnn+p+LLLpNBNLKF
    RnwG05BrXWD4AgvntE4CPo1QdmBjTBLMNTgzZrob+CTy9kN3mRxBDMMw7K8q1H+VmTEdC1hn/4kPSSRhpIY88MNgkKU/oaIYhRih
    iuwzA3YxAkUsChKJitHkeGsNcOoVvVK7lMLpv7+tP4JQo1IB4IGmFp3oAeSmK+ZYVOupFROn6EDvROhYB/aaDc73RA6BrItDcPcg
    MPvGhGoUpPxdN5AHk1PJFQ1/d5q0jqSE4TLk9JrHzB6zqcneTukFP9Sa7CN5P3XOGUgs2RGaVBhpyvKbrpsCqSkyOz7OciZCp7UC
    WP2gEwl10njfSyB3hOnpk/9SUFTdUBtTS7nTDDeYoPssxVJKg73FROWjdO2pJxsq2FCkMZfOzaMK3Z927BiHQSAGomjPKbj/KSMF
    VryfbMp0dokArfAw/uM8HkA4baYgVxl7LUxqpLw6xIH6wN3luPzTWJOcRLk+BiLGhL+CM7Dr1EpMpbsOb++P16xTie1b70JNUuOn
    M4aE9N0Sa5SCOvydJf9KVNn8JsPVB8FWWHqwo2xF+yTBU2elHzWZcGKUlRTA5CRc+GUlGEQktLBoIFYYgCAGW5kslsXH+xR1Z8Od
    syh3JW0cjECG9MqYvE/xBTcO0SK/9nUpLuLbNwsjB9Fmm5IhdJPh3xZ8U1NTU1NTm3oBTpX9qNgkAAA=
    """

private let ztocCText = """
    H4sIAAAAAAACA71WO29cRRSeOAs28SIFYsEKUdwiRYSc3Zm5d16WiyBbYEuWiGRLhCjNvG52FXt3WV8H8g9S5gekSJGSIhWioKCg
    oKSgoEhBmQI6CorAcmbuLLt2IAHFy9GeOzNnXt95zrZQTefRRZShd6FdQi3UgBah1TDxQVqwVTdPzyB0/xxCj4CbaAUtwsom7GnW
    0wsPYH4JOg3gV4A3YfwrtA+B95L8Q+DDrqaMrxnuPOeMU/gUZYk1NThnxDrtFMbagEzlSgpJvNKFFKzUWBTEKG6UK42YPct6YwvL
    sJZOwM8zgpmW3njBtVaMMItLo3KvBLbE0qJQmGtLsTEUC+fc7FkYS2ly77l3OfNUWGGc9IW0pWCeU+csp15Rw4yglChfMMyt1lbn
    wnqeq9mzHNEi10yIPMfUls5bT7TSqtAcW2u5KEuuSwVj63LYm5OCa8pLokleUGlnz/KOY+lgueSl4Z4p6j0tufeGYCsl5zqXJSsB
    qFHee1l6bbnhlnBOGXYUYThrBU3oHHi8Bb5rQG/q4+j8RAvx+yr4tAHf2n/LKTYeJf/+CFzBwuwsQt8CX4NFQ3A+hg2PFxFq/T4e
    h3txuuIq8C9npnfsTC+K8ztJHnBSTPPLhFwmxR6layRfo/g6SjhGg0F1sj8hgIFcbxTnfGU7Qfb9b+PxOrTrKRZvhLicwXEN+Kvl
    NGhM5aeJaeRvxvwImA4GlQvye2CfAtoi3ROwjWdwBXuhN4/ba+8l8IT+5O7FEFt3DvZ7/Vt/4YoDoEt/PIvr4UlcK8fHN14C10m7
    hHFXj9wEz2Q+yML4u3+D7635+XE54Wl/1m0P9h3UzwJifBUqKeRCMkxdHeuTspQDz82D1vzyYDCsYh5kSEakz8P5Qru+Mz+7nk9Y
    g10jD4afxjx5Wufvg5CnwN8E+7023f911CdRNpV/kWrVQtIp3J1B7Cwlc78OTARO1KYsvV0HVe/AB93S2mY6o9urw2p3Y2t755P2
    57qqRu2jQz9q9wcVbHj7720AB1//TzXC9PqdYa9/s1ZnC22iK+C5oMOluHb6Ytc+20z7A82461i8fXky3i5OfXj1FHwYZBYSdJKv
    zt/u9I/292sdggbrgH8VNAgvz8ozcXcF+Afgn1H9v+HJ2Zpn4+9J8k+k9+rmMfBPSe9mvLsZ7bKUcASQoYgcHY468JaOfMfNlzpl
    tMVQV93Tyov/G38WvSVjRfunOvGi9/TuhTRoz69ehDmnKx1kbwC///FutvvRxna2sbOd3Ya8S2txW6E/AS+IbF/wCgAA
    """

private let ztocAText = """
    H4sIAAAAAAACA+3dP4wcVx3A8bHvHB/rCzJgQYQiMYULCyV3839mrUQKigmOZIlIsUQSpZndmfWdYt+Zu3XiICTalCnoaBBKSUGF
    KCgoKChTUFCkoEwBEkUKCsC8mffm5vfbXdtEuV3Oue9Hmlvv7szbN+/Ne7Oz+1v/nvGsi94V77Lnm9sN71lv3dx6XtA88Yp9/qcb
    3pEPzq55Vy6seS+YZbNdc9NstW7+et4/znhes+o5szxllp+b+9fM8pn590dmuWmWdbP8wCyHO2WUZleDajyKkiyv0ngYFOMsnJRh
    kWRlFedhUo/iKiirehLVdViMkvGoqEdZkMdpko+LMAiCSJZVDeMkHo6KdFwk46ooi3I0GcfDspgkk0kRDINyUibDUTAqqngcB6M6
    zobDfBKn1Sga5VmhygpHaRbEwzgdj9NiEpZxmo+zugomSRKkUTKM86qKhunIVLTMJ1k9jPJJOU6KIBuZgktZVhFEUT6ug6wYD8s6
    LUfhMC+yOk2LMBtPokmUmdoMh+k4i8sirsamcqZaUVIVcZbHWSjLCrPQbD4OwiwdZnGQjINsXOTjJDTVTIJhEVWTypQdTSZBkYTZ
    pK7CuDa7WKdhkprKybIm6TDKsjiP6qioStNuw2IUlmESV5Gp0DiZBMO8yoejqC6rYRHXRZWmoalokiXZpKhr78Bba/v54/P22Bh4
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABgzptn7e32Jm0BAAAAAAAAAAAAAAAAAAAAAAAA
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAACA06iejreX/RqBkadpe2vM3rb/DpM0SvI8SJrHwyDOI89PV9EA9w6n5YGpysH+/vRR6z3u
    +Se4/+/sT6tl93+WJA/r/zTLZ/s/jMxDfkD/L121e6s+nA7sjb+7V9X3BxNzUOz4t8v364PBe+ah/ffsHf/O/r29o3XbO/7unfJW
    7R/eLff8n+zuTfbdwzPFtiu1xXYP2ddwq+1PJof11B+X4516MHp/WtstBm2xtkC3iq3OwFbHlmFftlnVldMVZze0r9oW6jZuV7Ul
    9Nt2VWlbwN2xFXIvbbfoym7LsM3Rbm0bzr5i3xhd69kVVd1Fg9rCmhoOZDHulexOyoJctWxNVaO6TWzZbamyGgNZDVWI29w9YxtF
    7u5AtJMry3apXcnWum3i2R0SPSjb1K5s6+ka3tbH/m03tWXbv31zu7ZUXSyPBlc9+yqu9l3XtlW2f92uujrZ3XOruaf6/nCbtA+4
    Ddp/26a3LWxLkLVyD4m2sfsmB1RXM1uGq60tVjST2Hn7nOpHu9uqn9wz4gDx5aiTx74+GuQsoDtaHlmubnbP1HDW7S2mEV+1jytZ
    NLQ4YsQg9fvOdxOC2hn7kOxCW1l3KNl/y0P/qGHaZ0QvqUNDjup2RfuwmhLU4FDHkmsW95QtwDaB2nlXTj93iBawVRJN7cvdso3f
    rm17U9bdto98xO1fP6+4Y0Qcnbq/1TRnt5Ydacvoj2c1EYiJR5YsR4Ity5072kfsRmJ0uVZTg0mcYFzTthssmAZE1cQZSk++bjNZ
    hDwFqVOfqJ9sDtsEYjz6cqC43ZTnD1c9OQnoVpazqxx7A3n2lB2sau66WFVCHYR9x+lmtuWK9lVDue1Lcci9vWbfNmxcsrfnuIIC
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAHo+8weQNJm8weYPJG0zeYPIGkzeYvMHkDSZvMHmDH5I3WLZf
    d+C324o5QZ4E1ATbT/pq2lDzhTxT+3IkLBjOYgJWdbd/29efm018OSRla6qqtJWQE748Vakz1kAcS64MV3nXSOr9kGo+tbbdSbsX
    tmB9Opo79NrayTdk+mQiD+TZ9eXpRg7Frpb93Dc3JcrO8GVXHc3iak90zdoqtCuqM7J6lzX3InLum5+b1LBoi1YHvZ6a1QlYvfOZ
    3UE3NYl3tKofj86N/ZQ2UENan6hUhcV+zs356o2fbF0107cVP87rv9u7e+8s/fo/zz/H9X8UxqnnR8u+MOX6r+3/nfLg/3n9v6j/
    syz0/HAVH07Q/9tb7+1sfXXd3v/Fd/hMFAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAJwvZR8k+QfZRso+SfZTs
    o2QfJfso2UfJPkr2UbKPkn2U7KNkHyX76LFd/5N99MRe/5N9lOyj+7erE9T/YZomfP6zCvt3pyfx898kCvn8d1X934z/dtm/++MT
    Mv/Hecr4X4Wt7a3tl14r71+vy6o+WN74X9Dvff9niToWzPiPQtP/91fZ/6f0+79o6L/+8vVXb7y5db+cTg+27h3WB1t7+9P6xZ3d
    QRT7d6a7d+oXw7zrnK0oHfCt6ZfHaHdv++7u3q0ln/+TR57/k/nv/1K+//t03d7+aovDFAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
    AAAAAAAAfCmQCZH/CZ9MiGRCJBMimRDJhEgmRDIhkgmRTIhkQiQTIpkQyYRIJsRju/4nE+KJvf4nEyKZEMmESCbEE/T5L5kQV9j/
    ZEIkEyKZEE8nMiGebmRCPN3z/8++f+OVRy2MkC+3qn53e+/e7dtLv/7Pss/z/i+NY8+Pn6Txb/cjdLfxk9L/J+H9X5il8+//ct7/
    rUIY5v7dcrrz4r3Dg+3DnfKg3q6Wa3vCG8iTYxXdLq7/wzwN5G0XAqbn/ziO4pD3f6twe3/vFuPxFL//K6flsl/j0Z//hWEWzn/+
    m0aM/1UQEUgq4FMGLNgvq1U8ovtm24b62CiVo0C37gt6FZ/Vx0e41xFhbn4fg+KCKuTX4U+ftzWNr9rb8wxaAAAAAAAAAAAAAAAA
    AAAAAAAAAAAAAAAAADgG5B8l/wT5R8k/Sv5R8o+Sf5T8o+QfJf8o+UfJP0r+UfKPkn+U/KPHdv1P/tETe/1P/lHyj5J/lPyjJ+jz
    X/KPrrD/yT9K/lHyj55O5B893cg/Sv5R8o+eXuQfJf8o+UfJP0r+0dOJ/KPkH2U8nuL3f+QfJf/oic4/qgKvZByXe2EbqCej+mQE
    hIwpU3EV4nt+9ddVXsV9iLgGGTqkYq5ENJyOZ5VRV64iKipTxEuoeFEdgCeiK0VMhj8XY+deToQPyjAWFY4j+01GUKlKyogeHc6g
    4i1lFImMcBDRNipCSQXG9gFEC4NmVLTRTBPLEC8VNiYDfmU/qBhXFUjYH34y9kVGecqIN1dFeaCK+CIRuTjoo7tUcLEaNn004KCP
    CRERwSqu0xbYh9fKKCYZBqVjycRw6ManCPvTwakLAihl3J6KPFV39GHWx4brvpH7JPdfBEKKgBwx+I72eSDHgBxAMlpIjZ8FvW8f
    ckdlf5h3x1sf9aaCtUVw24Jhbv+qMC8VCSXD1EVQsByEcpjIiVeGwak5TPW2emkRWtnHZ83X2l8QhiyOMh0qpcIy9ZhcEJ0rw+X7
    CDRfBH6p4SSDyWTHiPGhovHn5n59zhDznApelzFivjiLuDArGQ6rgyzVLC7aRoRo250SP02QwWki/nqgAiFlhJzsjZnTUf/bCF9F
    H6qIRBV1KmPiRETmTHRh2zj9pKOizuTRKie6uQNe7ZEe66LF5E8C3OuoUSl++SFjvhf8hEJE+spfgshYZxH0qs4FfTyqmvHFTzNU
    1GlfZfUDAH1impuu7Qay+iIcWr0tEIfPgjBCOYhk3Lia2GUXi7jqBUGhMmpRvQcQP3bQE4yMRNQnFXUaFYNRjIo+GFf+pEJWV2yn
    3gXp32jI92hqxhMRozM/GtC/q5Bh/K4l5NE/v+7gIQNCdZSMPpanTfmuUIaUivEozoxqtB61lT//ixc9R6tqHb3ZU5H2dn0Vb6t+
    vKAaR75x1weCPPc95W14695T5uJh3SwXzPKcWX5jlmtnPO8vZpme9Tx/zfP+aJY3zEp3z5mLQLPBJ+c975l/P3jQXNg1y3WzvGaW
    v5/pL0huNH/O2n9f7+4bl5ovq4Mofj4Mnw+Tm1F0NYyvRsFbnqtHd322vuBaba250N09aJ/rfvD68T8fPHjB3DbLTbO8bZaPRD3e
    MMvvLrg76/3jx1mng/qWaUv9I8wPTfsk5jZxr9PU7YGoV9Ne3td1e938AvVp/t299vnmgvD9O208cFevLjj4yn/m6/XRbL0u6ftv
    f4F6zbZLc78JVO3q0z3fBa/+6X+p3zeX148XPB1M6ZuaBGZkXDaP+65hLnqbbb2bknw3Bh45Dp5Z3jjoAv98r2hr+qh6PrZdv728
    dr3oLQ5S+/Bfdvz+shmnZvlD035f6bf/fbs/jt8//ms3V511+9S8tm+OnQ3X3E83X4rIcBdz/1wzRppAmGbf3LqbroydXXtYLY6i
    8bxvLW4DU/Bbn2uOkIEavmnla95LpueafbjSrnvZPPqsaa0N12fX3PaNM/LDOHG8/Xb2eLvc9+Frx9CHzWNjM0C78Sq/bPbbPXjB
    1P85swfPmra/NHfcvWSWP5vlb2b5zCyfrtlFHn+fuv5pfdfefGKWv7r93mxfe7Ntlw1Xj6aS76zoyw/3nVfbFs0Xbcc1LlZdf7/t
    raKd0R42TzzufPrBN7pvnZc3X6yLD7W/Zpbv/eh1//Ufvvyq//KNV/13zbhz6wZbQ++/aUgj0IALAwA=
    """
